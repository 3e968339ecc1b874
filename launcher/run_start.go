// The start of a task: its turn, its process, and what follows when a file cannot be run.
package main

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// startFailed is for a start that can never succeed.
func (s *supervisor) startFailed(why error) restartAction {
	complain("%v", why)
	action := s.decide(restartEvent{kind: eventStartFailed, message: why.Error()})
	s.leave(action)
	return action
}

// startInTurn starts the task, unless other tasks of its group come first or have ended it.
func (s *supervisor) startInTurn() (code int, done bool) {
	verdict := s.group.verdict()
	switch verdict.kind {
	case groupWait:
		s.waitsForGroup = true
		return 0, false
	case groupEnd:
		return s.apply(s.decide(restartEvent{kind: eventGroupEnded, message: verdict.message}))
	}
	return s.startTask()
}

// startTask begins a start: what has to be read, written and waited for happens beside the loop, so that a stop gets
// through meanwhile.
func (s *supervisor) startTask() (code int, done bool) {
	s.startTimer, s.waitsForGroup = nil, false
	if s.planned != nil {
		return 0, false
	}
	planned := make(chan plannedStart, 1)
	s.planned = planned
	planner := startPlanner{places: s.places, document: s.document, podUID: s.podUID, prepared: s.state.Prepared, templates: s.templates}
	go func() { planned <- planner.plan() }()
	return 0, false
}

// onPlanned starts the process of the task.
func (s *supervisor) onPlanned(start plannedStart) (code int, done bool) {
	s.planned, s.run, s.templates = nil, taskRun{}, start.templates
	if start.err != nil {
		return s.planFailed(start.err)
	}
	defer syscall.Close(start.plan.workDir)
	start.plan.diesWithUs = true
	output, err := s.output.open(start.plan.user.UID)
	if err != nil {
		return s.startFailed(fmt.Errorf("the task's output cannot be taken: %w", err)).exitCode, true
	}
	s.state.Phase, s.state.Prepared, s.state.StartedMs = phaseRunning, true, time.Now().UnixMilli()
	s.keep(s.state)
	kills, _ := s.oom.read()
	sink := [3]uintptr{uintptr(s.null), uintptr(output.theirs[0]), uintptr(output.theirs[1])}
	pid, err := start.plan.start(start.argv[0], start.argv, sink, false)
	if err != nil {
		output.close()
		return s.notStarted(start.argv[0], err)
	}
	output.begin()
	s.run = taskRun{pid: pid, started: time.Now(), environment: start.plan.environment, output: output, oomKills: kills}
	s.watchTemplates(start.values)
	s.group.tell(groupStarted, "")
	s.answerWaiters(controlReply{Ended: s.restarted})
	s.restarted = nil
	giveBackMemory()
	return 0, false
}

// notStarted takes a file that the kernel will not run for a task that has started, and failed, as Nomad does.
func (s *supervisor) notStarted(path string, err error) (code int, done bool) {
	if !isUnusableProgram(err) {
		return s.startFailed(fmt.Errorf("failed to launch command %s: %w", path, err)).exitCode, true
	}
	s.output.saveStderr(fmt.Sprintf("exec %s: %v\n", path, err))
	s.group.tell(groupStarted, "")
	s.state.StartedMs = time.Now().UnixMilli()
	return s.apply(s.decide(restartEvent{kind: eventEnded, exitCode: exitOfFailedExec}))
}

func isUnusableProgram(err error) bool {
	return errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOEXEC) || errors.Is(err, syscall.EACCES) ||
		errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

func (s *supervisor) watchTemplates(values map[string]string) {
	changes := make(chan templateChange, signalBacklog)
	s.run.stopWatching = s.templates.watch(values, changes)
	s.run.changes = changes
}

// onTemplate does what a change asks for. A template that fails ends the task for good.
func (s *supervisor) onTemplate(change templateChange) {
	if s.run.pid == 0 {
		return
	}
	if change.err != nil {
		s.endTask(intentFail, templateFailed(change.err).Error())
		return
	}
	if change.mode == "signal" {
		s.signalTask(change.signal)
		return
	}
	s.endTask(intentRestart, "")
}
