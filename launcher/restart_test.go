package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/nomad-bridge/nomad-bridge/launcher/restarts"
)

const someTimeMs = 1_700_000_000_000

func failRules() restartRules {
	return restartRules{policy: restarts.Policy{Attempts: 2, IntervalMs: 10_000, DelayMs: 1000, Mode: restarts.ModeFail}, restartOnSuccess: true}
}

func delayRules() restartRules {
	rules := failRules()
	rules.policy.Mode = restarts.ModeDelay
	return rules
}

func batchRules() restartRules {
	rules := failRules()
	rules.restartOnSuccess = false
	return rules
}

func stateAt(phase restartPhase, attempt int) restartState {
	return restartState{Version: 1, Phase: phase, IntervalStartMs: someTimeMs, Attempt: attempt, Restarts: attempt}
}

func TestRestartDecisions(t *testing.T) {
	waiting := stateAt(phaseWaiting, 1)
	waiting.NextStartMs = someTimeMs + 3000
	farOff := waiting
	farOff.NextStartMs = someTimeMs * 2
	cases := []struct {
		name    string
		rules   restartRules
		state   restartState
		event   restartEvent
		kind    restartActionKind
		phase   restartPhase
		attempt int
		reason  string
		code    int
		startMs int64
	}{
		{name: "the first run starts at once", rules: failRules(), event: restartEvent{kind: eventBegin, nowMs: someTimeMs}, kind: actStart, phase: phaseWaiting, startMs: someTimeMs},
		{name: "a failure is restarted after the delay", rules: failRules(), state: stateAt(phaseRunning, 0), event: restartEvent{kind: eventEnded, exitCode: 9, nowMs: someTimeMs + 500}, kind: actExit, phase: phaseWaiting, attempt: 1, reason: reasonExited, code: 9, startMs: someTimeMs + 1500},
		{name: "jitter is at most a quarter of the delay", rules: failRules(), state: stateAt(phaseRunning, 0), event: restartEvent{kind: eventEnded, exitCode: 9, nowMs: someTimeMs + 500, jitter: 0.8}, kind: actExit, phase: phaseWaiting, attempt: 1, reason: reasonExited, code: 9, startMs: someTimeMs + 1700},
		{name: "a service is restarted after success too", rules: failRules(), state: stateAt(phaseRunning, 1), event: restartEvent{kind: eventEnded, nowMs: someTimeMs}, kind: actExit, phase: phaseWaiting, attempt: 2, reason: reasonExited, startMs: someTimeMs + 1000},
		{name: "a batch task that ends well is complete", rules: batchRules(), state: stateAt(phaseRunning, 1), event: restartEvent{kind: eventEnded, nowMs: someTimeMs}, kind: actExit, phase: phaseCompleted, attempt: 1, reason: reasonCompleted},
		{name: "a batch task that fails is restarted", rules: batchRules(), state: stateAt(phaseRunning, 0), event: restartEvent{kind: eventEnded, exitCode: 1, nowMs: someTimeMs}, kind: actExit, phase: phaseWaiting, attempt: 1, reason: reasonExited, code: 1, startMs: someTimeMs + 1000},
		{name: "spent attempts end a task of mode fail", rules: failRules(), state: stateAt(phaseRunning, 2), event: restartEvent{kind: eventEnded, exitCode: 9, nowMs: someTimeMs + 500}, kind: actExit, phase: phaseSpent, attempt: 2, reason: reasonSpent, code: exitNoRestart},
		{name: "spent attempts put a task of mode delay off to the end of the interval", rules: delayRules(), state: stateAt(phaseRunning, 2), event: restartEvent{kind: eventEnded, exitCode: 9, nowMs: someTimeMs + 500}, kind: actExit, phase: phaseWaiting, attempt: 3, reason: reasonExited, code: 9, startMs: someTimeMs + 10_000},
		{name: "a new interval counts from one again", rules: failRules(), state: stateAt(phaseRunning, 2), event: restartEvent{kind: eventEnded, exitCode: 9, nowMs: someTimeMs + 10_000}, kind: actExit, phase: phaseWaiting, attempt: 1, reason: reasonExited, code: 9, startMs: someTimeMs + 11_000},
		{name: "a clock that was set back begins a new interval", rules: failRules(), state: stateAt(phaseRunning, 2), event: restartEvent{kind: eventEnded, exitCode: 9, nowMs: someTimeMs - 1}, kind: actExit, phase: phaseWaiting, attempt: 1, reason: reasonExited, code: 9, startMs: someTimeMs + 999},
		{name: "the next run waits out the rest", rules: failRules(), state: waiting, event: restartEvent{kind: eventBegin, nowMs: someTimeMs + 1000}, kind: actStart, phase: phaseWaiting, attempt: 1, startMs: someTimeMs + 3000},
		{name: "no stored time is later than the policy allows", rules: failRules(), state: farOff, event: restartEvent{kind: eventBegin, nowMs: someTimeMs}, kind: actStart, phase: phaseWaiting, attempt: 1, startMs: someTimeMs + 10_000},
		{name: "a run without an end counts as failed", rules: failRules(), state: stateAt(phaseRunning, 1), event: restartEvent{kind: eventBegin, nowMs: someTimeMs}, kind: actStart, phase: phaseWaiting, attempt: 2, startMs: someTimeMs + 1000},
		{name: "a run without an end can be the last", rules: failRules(), state: stateAt(phaseRunning, 2), event: restartEvent{kind: eventBegin, nowMs: someTimeMs}, kind: actHold, phase: phaseSpent, attempt: 2, reason: reasonSpent, code: exitNoRestart},
		{name: "spent stays spent", rules: failRules(), state: stateAt(phaseSpent, 2), event: restartEvent{kind: eventBegin, nowMs: someTimeMs + 99_000}, kind: actHold, phase: phaseSpent, attempt: 2, reason: reasonSpent, code: exitNoRestart},
		{name: "a start that can never succeed stays so", rules: failRules(), state: stateAt(phaseStartFailed, 0), event: restartEvent{kind: eventBegin, nowMs: someTimeMs}, kind: actHold, phase: phaseStartFailed, reason: reasonStartFailed, code: exitNoRestart},
		{name: "complete stays complete", rules: batchRules(), state: stateAt(phaseCompleted, 0), event: restartEvent{kind: eventBegin, nowMs: someTimeMs}, kind: actExit, phase: phaseCompleted, reason: reasonCompleted},
		{name: "a stop is no attempt", rules: failRules(), state: stateAt(phaseRunning, 1), event: restartEvent{kind: eventStopped, exitCode: 130, nowMs: someTimeMs}, kind: actExit, phase: phaseWaiting, attempt: 1, reason: reasonStopped, code: 130, startMs: someTimeMs},
		{name: "a failed start is final", rules: failRules(), state: stateAt(phaseWaiting, 1), event: restartEvent{kind: eventStartFailed, message: "no", nowMs: someTimeMs}, kind: actExit, phase: phaseStartFailed, attempt: 1, reason: reasonStartFailed, code: exitNoRestart},
		{name: "the reserved code of a task becomes 1", rules: failRules(), state: stateAt(phaseRunning, 0), event: restartEvent{kind: eventEnded, exitCode: exitNoRestart, nowMs: someTimeMs}, kind: actExit, phase: phaseWaiting, attempt: 1, reason: reasonExited, code: 1, startMs: someTimeMs + 1000},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			state, action := decideRestart(c.rules, c.state, c.event)
			if action.kind != c.kind || action.exitCode != c.code || action.message.Reason != c.reason {
				t.Errorf("action %+v", action)
			}
			if state.Phase != c.phase || state.Attempt != c.attempt {
				t.Errorf("state %+v", state)
			}
			if c.startMs != 0 && state.NextStartMs != c.startMs {
				t.Errorf("next start at %+d ms, want %+d", state.NextStartMs-someTimeMs, c.startMs-someTimeMs)
			}
		})
	}
}

// TestRestartPolicyNeverExceedsItsAttempts plays random lives: no interval sees more restarts than the policy has,
// what is stored is always sound, and what has ended for good never starts again.
func TestRestartPolicyNeverExceedsItsAttempts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		rules := restartRules{policy: restarts.Policy{
			Attempts: random.IntN(4), IntervalMs: random.Int64N(20_000), DelayMs: random.Int64N(3000), Mode: []string{restarts.ModeFail, restarts.ModeDelay}[random.IntN(2)],
		}, restartOnSuccess: random.IntN(2) == 0}
		playLife(t, random, rules)
	}
}

func playLife(t *testing.T, random *rand.Rand, rules restartRules) {
	t.Helper()
	var state restartState
	var action restartAction
	nowMs, dead := int64(someTimeMs), false
	restartsIn := map[int64]int{}
	for range 30 {
		nowMs += random.Int64N(8000)
		state, action = decideRestart(rules, state, restartEvent{kind: eventBegin, nowMs: nowMs, jitter: random.Float64()})
		if !state.isSound() {
			t.Fatalf("state is not sound: %+v", state)
		}
		if action.kind != actStart {
			dead = true
			continue
		}
		if dead {
			t.Fatalf("what has ended for good starts again: %+v", state)
		}
		nowMs = max(nowMs, action.startAtMs) + random.Int64N(2000)
		state.Phase = phaseRunning
		event := restartEvent{kind: eventEnded, exitCode: random.IntN(3), nowMs: nowMs, jitter: random.Float64()}
		state, action = decideRestart(rules, state, event)
		if action.message.Reason == reasonExited {
			restartsIn[state.IntervalStartMs]++
		}
	}
	allowed := rules.policy.Attempts
	if rules.policy.Mode == restarts.ModeDelay {
		allowed++ // the one that waits for the interval's end
	}
	for _, restarts := range restartsIn {
		if restarts > allowed {
			t.Fatalf("%d restarts in one interval under %+v", restarts, rules.policy)
		}
	}
}

// readStateText is what a launcher makes of a state file with this text.
func readStateText(t *testing.T, text string) restartState {
	t.Helper()
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, stateName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return readRestartState(directory)
}

func TestStoredStatesThatAreAFreshStart(t *testing.T) {
	cases := map[string]string{
		"empty":           ``,
		"not JSON":        `{`,
		"other version":   `{"version":2,"phase":"running"}`,
		"unknown field":   `{"version":1,"phase":"running","more":1}`,
		"unknown phase":   `{"version":1,"phase":"asleep"}`,
		"negative count":  `{"version":1,"phase":"running","attempt":-1}`,
		"huge count":      `{"version":1,"phase":"running","attempt":9000000000}`,
		"text behind it":  `{"version":1,"phase":"running"} x`,
		"wrong exit code": `{"version":1,"phase":"running","exitCode":256}`,
		"long signal":     `{"version":1,"phase":"attempts-spent","signal":"` + strings.Repeat("x", 5000) + `"}`,
		"a run's as well": `{"version":1,"phase":"attempts-spent","runs":[{"startedMs":1,"finishedMs":2,"exitCode":1,"signal":"` + strings.Repeat("x", 5000) + `"}]}`,
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			if state := readStateText(t, text); !reflect.DeepEqual(state, restartState{}) {
				t.Errorf("read as %+v", state)
			}
		})
	}
	if state := readStateText(t, `{"version":1,"phase":"running","attempt":1}`); state.Attempt != 1 {
		t.Errorf("a sound state is not read: %+v", state)
	}
}

// TestRunsAreToldOf plays one life: what is left behind tells of the last runs, and of the present one only when it began.
func TestRunsAreToldOf(t *testing.T) {
	rules := failRules()
	rules.policy.Attempts, rules.policy.Mode, rules.policy.IntervalMs = 5, restarts.ModeDelay, 60_000
	state, _ := decideRestart(rules, restartState{}, restartEvent{kind: eventBegin, nowMs: someTimeMs})
	var action restartAction
	for run := range int64(6) {
		state.Phase, state.StartedMs = phaseRunning, someTimeMs+run*2000
		state, action = decideRestart(rules, state, restartEvent{kind: eventEnded, exitCode: int(run), nowMs: someTimeMs + run*2000 + 500})
	}
	runs := action.message.Runs
	if len(runs) != maxPastRuns || runs[0].ExitCode != 2 || runs[0].Beyond || *runs[0].RestartInMs != 1000 {
		t.Fatalf("runs %+v", runs)
	}
	last := runs[maxPastRuns-1]
	if last.StartedMs != someTimeMs+10_000 || last.FinishedMs != someTimeMs+10_500 || last.ExitCode != 5 || !last.Beyond {
		t.Errorf("last run %+v", last)
	}
	_, action = decideRestart(rules, state, restartEvent{kind: eventStopped, exitCode: exitStopped, nowMs: someTimeMs + 11_000})
	if !reflect.DeepEqual(action.message.Runs, runs) {
		t.Errorf("a stop between two runs is told of as a run: %+v", action.message.Runs)
	}
	state.StartedMs = someTimeMs + 12_000
	_, action = decideRestart(rules, state, restartEvent{kind: eventStopped, exitCode: 130, signal: "SIGINT", nowMs: someTimeMs + 14_000, askedMs: someTimeMs + 13_000})
	want := pastRun{StartedMs: someTimeMs + 12_000, FinishedMs: someTimeMs + 14_000, ExitCode: 130, Signal: "SIGINT", AskedMs: someTimeMs + 13_000}
	if got := action.message.Runs[maxPastRuns-1]; got != want {
		t.Errorf("a stopped run is %+v, want %+v", got, want)
	}
}
