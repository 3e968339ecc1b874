// What a task may do for the other tasks of its group, as one pure function of how far they are.
package main

// groupPhase is how far a task is. It only grows, but for a task that was told to stop and comes up again in a pod whose
// sandbox has been made anew.
type groupPhase string

const (
	groupUnknown groupPhase = ""
	groupWaiting groupPhase = "waiting"
	// groupStarted: it has been started at least once, and may be started again.
	groupStarted groupPhase = "started"
	// groupStopped: it has ended because the launcher was told to stop.
	groupStopped groupPhase = "stopped"
	// groupDead: it will never be started again.
	groupDead groupPhase = "dead"
)

const (
	leaderDeadText = "Leader Task Dead"
	mainsDeadText  = "Main tasks in the group died"
)

type groupVerdictKind int

const (
	// groupGo: as far as the others go, the task may start, or run on.
	groupGo groupVerdictKind = iota
	// groupWait: it may not start yet.
	groupWait
	// groupEnd: it must end, and never start again.
	groupEnd
)

type groupVerdict struct {
	kind    groupVerdictKind
	message string
}

// groupQuestion is who asks. stopping: the pod is being ended, so that a task that has stopped does not come up again.
type groupQuestion struct {
	task      string
	lifecycle taskLifecycle
	stopping  bool
}

// decideGroup is total. phases holds the leader and the mains; who is not in it has not come up yet. A prestart task that
// is no sidecar comes before all others, and never waits or ends for them.
func decideGroup(question groupQuestion, phases map[string]groupPhase) groupVerdict {
	lifecycle := question.lifecycle
	if len(lifecycle.Mains) == 0 || lifecycle.Hook == hookPrestart && !lifecycle.Sidecar {
		return groupVerdict{}
	}
	dead := every(lifecycle.Mains, func(main string) bool { return phases[main] == groupDead })
	if lifecycle.Hook == hookPoststop {
		ended := every(lifecycle.Mains, func(main string) bool {
			return phases[main] == groupDead || question.stopping && phases[main] == groupStopped
		})
		return waitUnless(ended)
	}
	if leader := lifecycle.LeaderTask; leader != "" && leader != question.task && phases[leader] == groupDead {
		return groupVerdict{kind: groupEnd, message: leaderDeadText}
	}
	if dead && lifecycle.followsMains() {
		return groupVerdict{kind: groupEnd, message: mainsDeadText}
	}
	if lifecycle.Hook != hookPoststart {
		return groupVerdict{}
	}
	return waitUnless(every(lifecycle.Mains, func(main string) bool {
		return phases[main] == groupStarted || phases[main] == groupDead
	}))
}

// followsMains says whether the task ends with the main tasks.
func (l taskLifecycle) followsMains() bool { return l.Hook == hookPoststart || l.Hook == hookPrestart }

func waitUnless(holds bool) groupVerdict {
	if holds {
		return groupVerdict{}
	}
	return groupVerdict{kind: groupWait}
}

func every(names []string, holds func(string) bool) bool {
	for _, name := range names {
		if !holds(name) {
			return false
		}
	}
	return true
}

// groupPhaseAfter is the phase that a task's own end leaves it in; unknown where it stays as it is, because the task
// waits to be started again.
func groupPhaseAfter(state restartState, reason string) groupPhase {
	if reason == reasonExited {
		return groupUnknown
	}
	if reason == reasonStopped && state.Phase == phaseWaiting {
		return groupStopped
	}
	return groupDead
}
