package main

import (
	"math/rand/v2"
	"testing"

	"github.com/nomad-bridge/nomad-bridge/launcher/restarts"
)

func lifecycleOf(hook string, sidecar bool, leader string, mains ...string) taskLifecycle {
	return taskLifecycle{Hook: hook, Sidecar: sidecar, LeaderTask: leader, Mains: mains}
}

func TestGroupDecisions(t *testing.T) {
	two := []string{"a", "b"}
	cases := []struct {
		name      string
		lifecycle taskLifecycle
		stopping  bool
		a, b      groupPhase
		want      groupVerdict
	}{
		{name: "alone", lifecycle: taskLifecycle{Hook: hookPoststop}, want: groupVerdict{}},
		{name: "a main task waits for nobody", lifecycle: lifecycleOf(hookMain, false, "", two...)},
		{name: "a main task outlives another", lifecycle: lifecycleOf(hookMain, false, "", two...), a: groupDead, b: groupDead},
		{name: "a main task ends with its leader", lifecycle: lifecycleOf(hookMain, false, "a", two...), a: groupDead, b: groupStarted, want: groupVerdict{groupEnd, leaderDeadText}},
		{name: "a leader that only stopped may come up again", lifecycle: lifecycleOf(hookMain, false, "a", two...), a: groupStopped, b: groupStarted},
		{name: "a leader between two runs is not dead", lifecycle: lifecycleOf(hookMain, false, "a", two...), a: groupStarted, b: groupStarted},
		{name: "prestart waits for nobody", lifecycle: lifecycleOf(hookPrestart, false, "a", two...), a: groupDead, b: groupDead},
		{name: "a prestart sidecar starts first", lifecycle: lifecycleOf(hookPrestart, true, "a", two...)},
		{name: "a prestart sidecar outlives one main task", lifecycle: lifecycleOf(hookPrestart, true, "", two...), a: groupDead, b: groupStarted},
		{name: "a prestart sidecar ends with the last main task", lifecycle: lifecycleOf(hookPrestart, true, "", two...), a: groupDead, b: groupDead, want: groupVerdict{groupEnd, mainsDeadText}},
		{name: "a prestart sidecar ends with the leader", lifecycle: lifecycleOf(hookPrestart, true, "b", two...), a: groupStarted, b: groupDead, want: groupVerdict{groupEnd, leaderDeadText}},
		{name: "a sidecar stays for main tasks that stopped: the pod stops it", lifecycle: lifecycleOf(hookPrestart, true, "", two...), a: groupStopped, b: groupStopped},
		{name: "poststart waits for the last main task", lifecycle: lifecycleOf(hookPoststart, false, "", two...), a: groupStarted, b: groupWaiting, want: groupVerdict{kind: groupWait}},
		{name: "poststart waits for main tasks that nobody has seen", lifecycle: lifecycleOf(hookPoststart, true, "", two...), a: groupStarted, want: groupVerdict{kind: groupWait}},
		{name: "poststart goes when all have started", lifecycle: lifecycleOf(hookPoststart, false, "", two...), a: groupStarted, b: groupStarted},
		{name: "poststart goes when one is dead already", lifecycle: lifecycleOf(hookPoststart, false, "", two...), a: groupStarted, b: groupDead},
		{name: "poststart ends with the last main task", lifecycle: lifecycleOf(hookPoststart, false, "", two...), a: groupDead, b: groupDead, want: groupVerdict{groupEnd, mainsDeadText}},
		{name: "poststop waits", lifecycle: lifecycleOf(hookPoststop, false, "", two...), a: groupDead, b: groupStarted, want: groupVerdict{kind: groupWait}},
		{name: "poststop goes when all are dead", lifecycle: lifecycleOf(hookPoststop, false, "a", two...), a: groupDead, b: groupDead},
		{name: "poststop outlives the leader, and waits for the others", lifecycle: lifecycleOf(hookPoststop, false, "a", two...), a: groupDead, b: groupStarted, want: groupVerdict{kind: groupWait}},
		{name: "poststop does not take a stop for the end", lifecycle: lifecycleOf(hookPoststop, false, "", two...), a: groupStopped, b: groupDead, want: groupVerdict{kind: groupWait}},
		{name: "poststop does when it is told to stop too", lifecycle: lifecycleOf(hookPoststop, false, "", two...), stopping: true, a: groupStopped, b: groupDead},
		{name: "poststop waits for who still stops", lifecycle: lifecycleOf(hookPoststop, false, "", two...), stopping: true, a: groupStopped, b: groupStarted, want: groupVerdict{kind: groupWait}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			question := groupQuestion{task: "self", lifecycle: c.lifecycle, stopping: c.stopping}
			if got := decideGroup(question, map[string]groupPhase{"a": c.a, "b": c.b}); got != c.want {
				t.Errorf("verdict %+v, want %+v", got, c.want)
			}
		})
	}
	leader := groupQuestion{task: "a", lifecycle: lifecycleOf(hookMain, false, "a", two...)}
	if got := decideGroup(leader, map[string]groupPhase{"a": groupDead}); got != (groupVerdict{}) {
		t.Errorf("the leader ends by itself: %+v", got)
	}
}

func phaseRank(phase groupPhase) int {
	return map[groupPhase]int{groupUnknown: 0, groupWaiting: 1, groupStarted: 2, groupStopped: 3, groupDead: 4}[phase]
}

// TestGroupInvariants plays random groups whose tasks only ever get further, and holds each verdict against the rules.
func TestGroupInvariants(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	phases := []groupPhase{groupUnknown, groupWaiting, groupStarted, groupStopped, groupDead}
	for range 20_000 {
		mains := []string{"a", "b", "c"}[:1+random.IntN(3)]
		question := groupQuestion{
			task:     []string{"a", "self"}[random.IntN(2)],
			stopping: random.IntN(2) == 0,
			lifecycle: lifecycleOf([]string{hookMain, hookPrestart, hookPoststart, hookPoststop}[random.IntN(4)], random.IntN(2) == 0,
				[]string{"", "a"}[random.IntN(2)], mains...),
		}
		now, ended := map[string]groupPhase{}, false
		for range 8 {
			verdict := decideGroup(question, now)
			checkGroupVerdict(t, question, now, verdict)
			if ended && verdict.kind != groupEnd {
				t.Fatalf("what has been ended goes on: %+v in %v", question, now)
			}
			ended = verdict.kind == groupEnd
			main := mains[random.IntN(len(mains))]
			if further := phases[random.IntN(len(phases))]; phaseRank(further) > phaseRank(now[main]) {
				now[main] = further
			}
		}
	}
}

func checkGroupVerdict(t *testing.T, question groupQuestion, now map[string]groupPhase, verdict groupVerdict) {
	t.Helper()
	all := func(atLeast groupPhase) bool {
		return every(question.lifecycle.Mains, func(main string) bool { return phaseRank(now[main]) >= phaseRank(atLeast) })
	}
	lifecycle := question.lifecycle
	broken := ""
	switch {
	case (verdict.kind == groupEnd) != (verdict.message != ""):
		broken = "only an end has a message"
	case lifecycle.Hook == hookPoststop && verdict.kind == groupEnd:
		broken = "a poststop task is never ended by the others"
	case lifecycle.Hook == hookPoststop && verdict.kind == groupGo && !all(groupStopped):
		broken = "a poststop task comes after all main tasks"
	case lifecycle.Hook == hookPoststart && verdict.kind == groupGo && !all(groupStarted):
		broken = "a poststart task comes after the start of all main tasks"
	case lifecycle.Hook == hookMain && verdict.kind == groupWait:
		broken = "a main task waits for nobody"
	case lifecycle.Hook == hookMain && lifecycle.LeaderTask == "" && verdict.kind != groupGo:
		broken = "without a leader nobody ends a main task"
	case lifecycle.Hook == hookPrestart && !lifecycle.Sidecar && verdict.kind != groupGo:
		broken = "an init container never holds up the pod"
	case verdict.message == leaderDeadText && now[lifecycle.LeaderTask] != groupDead:
		broken = "nothing ends for a leader that may come again"
	case question.task == lifecycle.LeaderTask && verdict.message == leaderDeadText:
		broken = "the leader does not end for itself"
	}
	if broken != "" {
		t.Fatalf("%s: %+v for %+v in %v", broken, verdict, question, now)
	}
}

func TestWhatTheOthersAreToldOfAnEnd(t *testing.T) {
	cases := []struct {
		name  string
		event restartEvent
		rules restartRules
		want  groupPhase
	}{
		{"it waits for its restart", restartEvent{kind: eventEnded, exitCode: 1}, failRules(), groupUnknown},
		{"its attempts are spent", restartEvent{kind: eventEnded, exitCode: 1}, restartRules{policy: restarts.Policy{Mode: restarts.ModeFail}}, groupDead},
		{"it is complete", restartEvent{kind: eventEnded}, batchRules(), groupDead},
		{"it could not be started", restartEvent{kind: eventStartFailed}, failRules(), groupDead},
		{"it was told to stop", restartEvent{kind: eventStopped}, failRules(), groupStopped},
		{"the group has ended it", restartEvent{kind: eventGroupEnded}, failRules(), groupDead},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.event.nowMs = someTimeMs
			state, action := decideRestart(c.rules, stateAt(phaseRunning, 0), c.event)
			if got := groupPhaseAfter(state, action.message.Reason); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if !state.isSound() {
				t.Errorf("state %+v is not sound", state)
			}
		})
	}
}
