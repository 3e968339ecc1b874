// Nomad's restart policy as one pure function: state and event in, state and action out.
package main

import (
	"slices"

	"github.com/nomad-bridge/nomad-bridge/launcher/records"
	"github.com/nomad-bridge/nomad-bridge/launcher/restarts"
)

const (
	stateVersion = 1
	maxStateText = 1024
	// maxSignalText is more than any signal's name has.
	maxSignalText = 16
	// Nomad shows ten events of a task, and a run is three of them.
	maxPastRuns = 4
)

type restartPhase string

const (
	phaseNew         restartPhase = ""
	phaseRunning     restartPhase = "running"
	phaseWaiting     restartPhase = "waiting"
	phaseSpent       restartPhase = "attempts-spent"
	phaseStartFailed restartPhase = "start-failed"
	phaseCompleted   restartPhase = "completed"
	phaseGroupEnded  restartPhase = "ended-by-group"
)

// restartState is what is kept from one run of the launcher to the next.
type restartState struct {
	Version int          `json:"version"`
	Phase   restartPhase `json:"phase"`
	// IntervalStartMs is when the first start of the present interval was, as Unix time.
	IntervalStartMs int64 `json:"intervalStartMs"`
	// Attempt counts the restarts of the present interval, Restarts all there ever were.
	Attempt  int `json:"attempt"`
	Restarts int `json:"restarts"`
	// NextStartMs is when a waiting task may start, as Unix time.
	NextStartMs int64 `json:"nextStartMs"`
	// ExitCode and Message are the last end's, for a launcher that only has to repeat them.
	ExitCode int    `json:"exitCode"`
	Signal   string `json:"signal"`
	Message  string `json:"message"`
	// OOMKilled belongs to the last end as well.
	OOMKilled bool `json:"oomKilled"`
	// Prepared: what is done once in the life of a pod has been done.
	Prepared bool `json:"prepared"`
	// StartedMs is when the present or last run began, as Unix time; 0 where none did.
	StartedMs int64 `json:"startedMs,omitempty"`
	// Runs are the last ones that ended by themselves, oldest first.
	Runs []pastRun `json:"runs,omitempty"`
}

// pastRun is one run of the task, from its start to its end. Twin of PastRun in launcher-document.ts. Times are Unix ms.
type pastRun struct {
	StartedMs  int64  `json:"startedMs"`
	FinishedMs int64  `json:"finishedMs"`
	ExitCode   int    `json:"exitCode"`
	Signal     string `json:"signal,omitempty"`
	OOMKilled  bool   `json:"oomKilled,omitempty"`
	// RestartInMs and Beyond say how the next one was put off; RestartInMs is absent where there is none.
	RestartInMs *int64 `json:"restartInMs,omitempty"`
	// Beyond: the attempts of the interval were used up, and the rest of it was waited for.
	Beyond bool `json:"beyond,omitempty"`
	// AskedMs is when the task was told to end; 0 where it ended by itself.
	AskedMs int64 `json:"askedMs,omitempty"`
}

// restartRules is what of the document decides.
type restartRules struct {
	policy           restarts.Policy
	restartOnSuccess bool
	// holdsCompleted: the pod would start a task again that has completed, so its launcher stays.
	holdsCompleted bool
	// restartsByFailure: the pod starts the task again only after an exit code that says failure.
	restartsByFailure bool
}

type restartEventKind int

const (
	// eventBegin: the launcher has come up.
	eventBegin restartEventKind = iota
	// eventEnded: the task has ended by itself.
	eventEnded
	// eventStartFailed: the task could not be started, and never can be.
	eventStartFailed
	// eventStopped: the task has ended, or has not begun, because the launcher was told to stop.
	eventStopped
	// eventGroupEnded: the task has ended, or never began, because the leader or the main tasks of its group are dead.
	eventGroupEnded
)

type restartEvent struct {
	kind     restartEventKind
	exitCode int
	signal   string
	message  string
	// oomKilled: the kernel has ended the task for its memory.
	oomKilled bool
	nowMs     int64
	// askedMs is when the task was told to end, as Unix time; 0: it was not.
	askedMs int64
	// jitter is a random number from 0 up to, not including, 1.
	jitter float64
}

type restartActionKind int

const (
	// actStart: start the task, at startAtMs or at once when that has passed.
	actStart restartActionKind = iota
	// actHold: never start it again; wait to be killed.
	actHold
	// actExit: leave the message and end with exitCode.
	actExit
)

type restartAction struct {
	kind      restartActionKind
	startAtMs int64
	exitCode  int
	message   terminationMessage
}

// terminationMessage is what the container leaves behind. Twin of TerminationMessage in launcher-document.ts.
type terminationMessage struct {
	Version     int    `json:"version"`
	Reason      string `json:"reason"`
	ExitCode    int    `json:"exitCode"`
	Signal      string `json:"signal,omitempty"`
	Message     string `json:"message"`
	OOMKilled   bool   `json:"oomKilled,omitempty"`
	Attempt     int    `json:"attempt"`
	RestartInMs *int64 `json:"restartInMs,omitempty"`
	// Runs end with the one that this message is about, where it was one.
	Runs []pastRun `json:"runs"`
}

const (
	reasonExited      = "exited"
	reasonCompleted   = "completed"
	reasonStopped     = "stopped"
	reasonStartFailed = "start-failed"
	reasonSpent       = "attempts-spent"
)

// decideRestart is total: any state leads somewhere, one that makes no sense included.
func decideRestart(rules restartRules, state restartState, event restartEvent) (restartState, restartAction) {
	switch event.kind {
	case eventBegin:
		return begin(rules, state, event)
	case eventStartFailed:
		state.Phase, state.ExitCode, state.Signal, state.OOMKilled = phaseStartFailed, exitNoRestart, "", false
		state.Message = records.CutText(event.message, maxStateText)
		return state, exitWith(state, reasonStartFailed, exitNoRestart)
	case eventStopped:
		state.Phase, state.NextStartMs = phaseWaiting, event.nowMs
		state = withRun(withEnd(state, event), event, pastRun{})
		return state, exitWith(state, reasonStopped, ownExitCode(event.exitCode))
	case eventGroupEnded:
		state.Phase = phaseGroupEnded
		state = withRun(withEnd(state, event), event, pastRun{})
		// The task has not failed: nothing is to be started again for it.
		return state, exitWith(state, reasonStopped, 0)
	default:
		return ended(rules, state, event)
	}
}

func withEnd(state restartState, event restartEvent) restartState {
	state.Version, state.ExitCode, state.Signal = stateVersion, event.exitCode, event.signal
	state.Message, state.OOMKilled = records.CutText(event.message, maxStateText), event.oomKilled
	return state
}

// withRun remembers the run that has ended, if there was one, and forgets the oldest.
func withRun(state restartState, event restartEvent, run pastRun) restartState {
	if state.StartedMs == 0 {
		return state
	}
	run.StartedMs, run.FinishedMs = min(state.StartedMs, event.nowMs), event.nowMs
	run.AskedMs = event.askedMs
	run.ExitCode, run.Signal, run.OOMKilled = event.exitCode, event.signal, event.oomKilled
	// A new list: the state before keeps its own.
	runs := append(slices.Clone(state.Runs), run)
	state.Runs, state.StartedMs = runs[max(0, len(runs)-maxPastRuns):], 0
	return state
}

func begin(rules restartRules, state restartState, event restartEvent) (restartState, restartAction) {
	switch state.Phase {
	case phaseSpent:
		return state, restartAction{kind: actHold, exitCode: exitNoRestart, message: messageOf(state, reasonSpent)}
	case phaseStartFailed:
		return state, restartAction{kind: actHold, exitCode: exitNoRestart, message: messageOf(state, reasonStartFailed)}
	case phaseGroupEnded:
		return state, restartAction{kind: actHold, message: messageOf(state, reasonStopped)}
	case phaseCompleted:
		action := exitWith(state, reasonCompleted, 0)
		if rules.holdsCompleted {
			action.kind = actHold
		}
		return state, action
	case phaseWaiting:
		return startAt(state, rules.policy.WithinReach(state.NextStartMs, event.nowMs))
	case phaseRunning:
		return afterLostRun(rules, state, event)
	}
	fresh := restartState{Version: stateVersion, IntervalStartMs: event.nowMs, Prepared: state.Prepared}
	return startAt(fresh, event.nowMs)
}

// afterLostRun counts a run that left no record of its end, as after an OOM kill that took the launcher too.
func afterLostRun(rules restartRules, state restartState, event restartEvent) (restartState, restartAction) {
	event.exitCode, event.signal = 128+9, "SIGKILL"
	state, action := ended(rules, state, event)
	if state.Phase == phaseWaiting {
		return startAt(state, state.NextStartMs)
	}
	action.kind = actHold
	return state, action
}

func startAt(state restartState, atMs int64) (restartState, restartAction) {
	state.Phase = phaseWaiting
	state.NextStartMs = atMs
	return state, restartAction{kind: actStart, startAtMs: atMs}
}

// ended counts an end by itself against the policy, unless it is the one that was wanted.
func ended(rules restartRules, state restartState, event restartEvent) (restartState, restartAction) {
	event.message = ""
	state = withEnd(state, event)
	if event.exitCode == 0 && !rules.restartOnSuccess {
		state.Phase = phaseCompleted
		state = withRun(state, event, pastRun{})
		return state, exitWith(state, reasonCompleted, 0)
	}
	next := rules.policy.AfterEnd(restarts.Count{IntervalStartMs: state.IntervalStartMs, Attempt: state.Attempt}, event.nowMs, event.jitter)
	state.IntervalStartMs, state.Attempt = next.IntervalStartMs, next.Attempt
	if next.Spent {
		state.Phase = phaseSpent
		state = withRun(state, event, pastRun{})
		return state, exitWith(state, reasonSpent, exitNoRestart)
	}
	state = withRun(state, event, pastRun{RestartInMs: &next.DelayMs, Beyond: next.Beyond})
	state.Phase, state.NextStartMs, state.Restarts = phaseWaiting, event.nowMs+next.DelayMs, restarts.OneMore(state.Restarts)
	action := exitWith(state, reasonExited, ownExitCode(event.exitCode))
	if action.exitCode == 0 && rules.restartsByFailure {
		action.exitCode = 1
	}
	action.message.RestartInMs = &next.DelayMs
	return state, action
}

func exitWith(state restartState, reason string, code int) restartAction {
	return restartAction{kind: actExit, exitCode: code, message: messageOf(state, reason)}
}

func messageOf(state restartState, reason string) terminationMessage {
	return terminationMessage{
		Version: 1, Reason: reason, ExitCode: state.ExitCode, Signal: state.Signal, Message: state.Message,
		OOMKilled: state.OOMKilled, Attempt: state.Attempt, Runs: append([]pastRun{}, state.Runs...),
	}
}

// ownExitCode keeps a task that happens to end with the reserved code from looking like one that must not restart.
func ownExitCode(code int) int {
	if code == exitNoRestart {
		return 1
	}
	return code
}

// isSound says whether a stored state is one that this launcher could have written.
func (s restartState) isSound() bool {
	if s.Version != stateVersion || s.Attempt < 0 || s.Restarts < 0 || s.IntervalStartMs < 0 || s.NextStartMs < 0 {
		return false
	}
	if s.StartedMs < 0 || len(s.Runs) > maxPastRuns || len(s.Signal) > maxSignalText {
		return false
	}
	if s.Attempt > restarts.MostCounted || s.Restarts > restarts.MostCounted || s.ExitCode < 0 || s.ExitCode > 255 {
		return false
	}
	switch s.Phase {
	case phaseRunning, phaseWaiting, phaseSpent, phaseStartFailed, phaseCompleted, phaseGroupEnded:
		return len(s.Message) <= maxStateText && !slices.ContainsFunc(s.Runs, func(run pastRun) bool { return len(run.Signal) > maxSignalText })
	}
	return false
}
