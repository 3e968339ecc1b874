// The end of a task: told to stop, ended by its group, killed, or by itself.
package main

import (
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/nomad-bridge/nomad-bridge/launcher/restarts"
)

// stopIntent says what follows the end of a task that was told to end.
type stopIntent int

const (
	intentNone stopIntent = iota
	intentRestart
	// From here on nothing changes the intent: the task does not start again.
	intentStop
	intentGroup
	intentFail
)

// signalTask signals the task's first process alone, as Nomad does.
func (s *supervisor) signalTask(number syscall.Signal) {
	if err := signalProcess(s.run.pid, number); err != nil && err != syscall.ESRCH {
		complain("%s does not reach the task: %v", signalName(number), err)
	}
}

// stop is final: a restart that is under way ends in a stop. A poststop task is there for the time after it, and only
// learns that who has stopped does not come again.
func (s *supervisor) stop() (code int, done bool) {
	if s.held != nil {
		return s.held.exitCode, true
	}
	if s.group != nil && s.document.Lifecycle.Hook == hookPoststop {
		s.group.question.stopping = true
		return s.onGroup()
	}
	if s.run.pid == 0 {
		return s.apply(s.decide(restartEvent{kind: eventStopped, exitCode: exitStopped, signal: "SIGTERM"}))
	}
	s.endTask(intentStop, "")
	return 0, false
}

// onGroup looks at the other tasks again.
func (s *supervisor) onGroup() (code int, done bool) {
	if s.held != nil {
		return s.endHold()
	}
	if s.run.pid == 0 {
		if s.waitsForGroup || s.group.verdict().kind == groupEnd {
			return s.startInTurn()
		}
		return 0, false
	}
	if verdict := s.group.verdict(); verdict.kind == groupEnd {
		s.endTask(intentGroup, verdict.message)
	}
	return 0, false
}

// endHold lets go of a container that only waits, and has not failed, when the main tasks are dead: the pod can end then.
// The pod itself ends its prestart sidecars.
func (s *supervisor) endHold() (code int, done bool) {
	mayEnd := s.held.exitCode == 0 && s.document.Lifecycle.Hook != hookPrestart
	return s.held.exitCode, mayEnd && s.group.mainsAreDead()
}

// endTask begins the end: the shutdown delay but for a restart, the kill signal once, and SIGKILL when the kill timeout
// has passed.
func (s *supervisor) endTask(intent stopIntent, message string) {
	before := s.run.intent
	if before >= intentStop || before == intent {
		return
	}
	s.run.intent, s.run.message, s.run.asked = intent, message, time.Now()
	if before != intentNone {
		return
	}
	if delayMs := s.document.ShutdownDelayMs; intent != intentRestart && delayMs > 0 {
		s.run.delayTimer = time.After(time.Duration(delayMs) * time.Millisecond)
		if time.Now().Before(s.skipsDelayUntil) {
			s.skipShutdownDelay()
		}
		return
	}
	s.sendKillSignal()
}

// skippedFor: a stop that never came, as it could not be written, must not take the delay from those of tomorrow.
const skippedFor = time.Minute

// skipShutdownDelay holds for the end that the task waits for, and for one that comes within a minute.
func (s *supervisor) skipShutdownDelay() {
	s.skipsDelayUntil = time.Now().Add(skippedFor)
	if s.run.delayTimer != nil {
		s.run.delaySkipped = true
		s.sendKillSignal()
	}
}

func (s *supervisor) sendKillSignal() {
	s.run.delayTimer = nil
	if number, ok := signalNamed(s.document.KillSignal); ok {
		s.signalTask(number)
	}
	s.run.killTimer = time.After(time.Duration(s.document.KillTimeoutMs) * time.Millisecond)
}

func (s *supervisor) killTask() {
	s.run.killTimer = nil
	if s.run.pid != 0 {
		s.signalTask(syscall.SIGKILL)
	}
}

// reap takes all zombies, also those of exec sessions that have ended, and notices the end of the task among them.
func (s *supervisor) reap() (code int, done bool) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return 0, false
		}
		if pid == s.run.pid {
			return s.taskEnded(status)
		}
	}
}

// taskEnded ends what the task left behind, as the end of its container does on Nomad, and sees its output out.
func (s *supervisor) taskEnded(status syscall.WaitStatus) (code int, done bool) {
	run := s.run
	s.run = taskRun{}
	run.stopWatching()
	killDescendants(os.Getpid(), reapAll)
	run.output.drain()
	exitCode, name := exitOf(status)
	event := restartEvent{kind: eventEnded, exitCode: exitCode, signal: name, oomKilled: s.wasKilledForMemory(run, status)}
	if !run.asked.IsZero() {
		event.askedMs, event.delaySkipped = run.asked.UnixMilli(), run.delaySkipped
	}
	switch run.intent {
	case intentRestart:
		s.state.Restarts = restarts.OneMore(s.state.Restarts)
		s.restarted = &endedRun{FinishedMs: time.Now().UnixMilli(), ExitCode: exitCode, Signal: name}
		return s.startInTurn()
	case intentFail:
		return s.startFailed(errors.New(run.message)).exitCode, true
	case intentStop:
		event.kind = eventStopped
	case intentGroup:
		event.kind, event.message = eventGroupEnded, run.message
	}
	return s.apply(s.decide(event))
}

// wasKilledForMemory asks for both: exec sessions share the counter, and whoever has the right can send SIGKILL.
func (s *supervisor) wasKilledForMemory(run taskRun, status syscall.WaitStatus) bool {
	kills, ok := s.oom.read()
	return ok && kills > run.oomKills && status.Signaled() && status.Signal() == syscall.SIGKILL
}
