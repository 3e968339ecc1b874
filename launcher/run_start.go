// The start of a task, in Nomad's order: payload, templates, then its environment, command and process.
package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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

// taskStart is all that the start of one run needs. The caller closes the plan's workDir.
type taskStart struct {
	plan   spawnPlan
	path   string
	values map[string]string
}

// planStart fails with what becomes the reason of a start that failed.
func (s *supervisor) planStart() (taskStart, error) {
	if err := s.prepareOnce(); err != nil {
		return taskStart{}, err
	}
	plan, err := planSpawn(s.places, s.document, s.podUID)
	if err != nil {
		return taskStart{}, err
	}
	start := taskStart{plan: plan, values: variablesOf(plan.environment)}
	extra, err := s.renderTemplates(start.values)
	if err == nil {
		start.plan.environment = withVariables(start.values, extra)
		start.path, err = findTaskCommand(s.places.root, s.document.Command, s.document.Mounts)
	}
	if err != nil {
		syscall.Close(plan.workDir)
		return taskStart{}, err
	}
	return start, nil
}

// prepareOnce writes the payload before the first start of all: a restart finds it as the task has left it.
func (s *supervisor) prepareOnce() error {
	if s.state.Prepared {
		return nil
	}
	if err := writePayload(s.places, s.document); err != nil {
		return err
	}
	s.state.Prepared = true
	return nil
}

func (s *supervisor) renderTemplates(values map[string]string) (map[string]string, error) {
	if s.templates == nil {
		made, err := newTemplates(s.places, s.document)
		if err != nil {
			return nil, templateFailed(err)
		}
		s.templates = made
	}
	extra, err := s.templates.render(values)
	if err != nil {
		return nil, templateFailed(err)
	}
	return extra, nil
}

func templateFailed(why error) error { return fmt.Errorf("Template failed: %w", why) }

func variablesOf(environment []string) map[string]string {
	variables := make(map[string]string, len(environment))
	for _, entry := range environment {
		name, value, _ := strings.Cut(entry, "=")
		variables[name] = value
	}
	return variables
}

// withVariables is sorted; extra wins.
func withVariables(values, extra map[string]string) []string {
	all := maps.Clone(values)
	maps.Copy(all, extra)
	list := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, name+"="+all[name])
	}
	return list
}

func (s *supervisor) startTask() (code int, done bool) {
	s.startTimer, s.waitsForGroup, s.run = nil, false, taskRun{}
	start, err := s.planStart()
	if err != nil {
		return s.startFailed(err).exitCode, true
	}
	defer syscall.Close(start.plan.workDir)
	start.plan.diesWithUs = true
	output, err := s.output.open(start.plan.user.uid)
	if err != nil {
		return s.startFailed(fmt.Errorf("the task's output cannot be taken: %w", err)).exitCode, true
	}
	s.state.Phase = phaseRunning
	s.keep(s.state)
	kills, _ := s.oom.read()
	argv := append([]string{start.path}, s.document.Args...)
	sink := [3]uintptr{uintptr(s.null), uintptr(output.theirs[0]), uintptr(output.theirs[1])}
	pid, err := start.plan.start(start.path, argv, sink, false)
	if err != nil {
		output.close()
		return s.notStarted(start.path, err)
	}
	output.begin()
	s.run = taskRun{pid: pid, started: time.Now(), environment: start.plan.environment, output: output, oomKills: kills}
	s.watchTemplates(start.values)
	s.group.tell(groupStarted, "")
	s.answerWaiters(controlReply{})
	return 0, false
}

// notStarted takes a file that the kernel will not run for a task that has started, and failed, as Nomad does.
func (s *supervisor) notStarted(path string, err error) (code int, done bool) {
	if !isUnusableProgram(err) {
		return s.startFailed(fmt.Errorf("failed to launch command %s: %w", path, err)).exitCode, true
	}
	s.output.saveStderr(fmt.Sprintf("exec %s: %v\n", path, err))
	s.group.tell(groupStarted, "")
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
