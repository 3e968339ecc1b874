// Nomad's restart policy as one pure function: state and event in, state and action out.
package main

const (
	modeFail  = "fail"
	modeDelay = "delay"

	// Nomad adds up to a quarter of the delay, so that tasks that fail together do not start together.
	jitterShare = 0.25

	stateVersion    = 1
	maxStateText    = 1024
	maxStoredCounts = 1 << 30
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
}

// restartRules is what of the document decides.
type restartRules struct {
	policy           restartPolicy
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
		state.Message = cutText(event.message, maxStateText)
		return state, exitWith(state, reasonStartFailed, exitNoRestart)
	case eventStopped:
		state.Phase, state.NextStartMs = phaseWaiting, event.nowMs
		state = withEnd(state, event)
		return state, exitWith(state, reasonStopped, ownExitCode(event.exitCode))
	case eventGroupEnded:
		state.Phase = phaseGroupEnded
		state = withEnd(state, event)
		// The task has not failed: nothing is to be started again for it.
		return state, exitWith(state, reasonStopped, 0)
	default:
		return ended(rules, state, event)
	}
}

func withEnd(state restartState, event restartEvent) restartState {
	state.Version, state.ExitCode, state.Signal = stateVersion, event.exitCode, event.signal
	state.Message, state.OOMKilled = cutText(event.message, maxStateText), event.oomKilled
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
		return startAt(state, withinReach(rules, state.NextStartMs, event.nowMs))
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

// withinReach keeps a stored time from being later than the policy could have made it: a clock that was set back, or a
// task that wrote the file, does not put a start off for ever.
func withinReach(rules restartRules, atMs, nowMs int64) int64 {
	return min(atMs, nowMs+max(rules.policy.IntervalMs, longestDelay(rules.policy)))
}

func longestDelay(policy restartPolicy) int64 {
	return policy.DelayMs + int64(float64(policy.DelayMs)*jitterShare)
}

// ended counts as Nomad does: attempts within one interval of the first start, a new interval after that.
func ended(rules restartRules, state restartState, event restartEvent) (restartState, restartAction) {
	event.message = ""
	state = withEnd(state, event)
	if event.exitCode == 0 && !rules.restartOnSuccess {
		state.Phase = phaseCompleted
		return state, exitWith(state, reasonCompleted, 0)
	}
	policy := rules.policy
	intervalEndMs := state.IntervalStartMs + policy.IntervalMs
	if event.nowMs >= intervalEndMs || state.IntervalStartMs > event.nowMs {
		state.IntervalStartMs, state.Attempt = event.nowMs, 0
		intervalEndMs = event.nowMs + policy.IntervalMs
	}
	if state.Attempt >= policy.Attempts && policy.Mode == modeFail {
		state.Phase = phaseSpent
		return state, exitWith(state, reasonSpent, exitNoRestart)
	}
	delayMs := policy.DelayMs + int64(float64(policy.DelayMs)*jitterShare*event.jitter)
	if state.Attempt >= policy.Attempts {
		delayMs = intervalEndMs - event.nowMs
	}
	state.Phase, state.NextStartMs = phaseWaiting, event.nowMs+delayMs
	state.Attempt = min(state.Attempt+1, maxStoredCounts)
	state.Restarts = min(state.Restarts+1, maxStoredCounts)
	action := exitWith(state, reasonExited, ownExitCode(event.exitCode))
	if action.exitCode == 0 && rules.restartsByFailure {
		action.exitCode = 1
	}
	action.message.RestartInMs = &delayMs
	return state, action
}

func exitWith(state restartState, reason string, code int) restartAction {
	return restartAction{kind: actExit, exitCode: code, message: messageOf(state, reason)}
}

func messageOf(state restartState, reason string) terminationMessage {
	return terminationMessage{
		Version: 1, Reason: reason, ExitCode: state.ExitCode, Signal: state.Signal, Message: state.Message,
		OOMKilled: state.OOMKilled, Attempt: state.Attempt,
	}
}

// ownExitCode keeps a task that happens to end with the reserved code from looking like one that must not restart.
func ownExitCode(code int) int {
	if code == exitNoRestart {
		return 1
	}
	return code
}

// cutText cuts at a character, so that the rest is still text.
func cutText(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	cut := limit
	for cut > 0 && text[cut]&0xc0 == 0x80 {
		cut--
	}
	return text[:cut]
}

// isSound says whether a stored state is one that this launcher could have written.
func (s restartState) isSound() bool {
	if s.Version != stateVersion || s.Attempt < 0 || s.Restarts < 0 || s.IntervalStartMs < 0 || s.NextStartMs < 0 {
		return false
	}
	if s.Attempt > maxStoredCounts || s.Restarts > maxStoredCounts || s.ExitCode < 0 || s.ExitCode > 255 {
		return false
	}
	switch s.Phase {
	case phaseRunning, phaseWaiting, phaseSpent, phaseStartFailed, phaseCompleted, phaseGroupEnded:
		return len(s.Message) <= maxStateText
	}
	return false
}
