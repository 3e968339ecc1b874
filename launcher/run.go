// `launcher run`: the container's first process. Starts the task, passes signals on, reaps, applies the restart policy.
package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

const (
	runHeapPercent   = 20
	exitOfFailedExec = 255
	exitStopped      = 128 + 15
	signalBacklog    = 64
)

// stopIntent says what follows the end of a task that was told to end.
type stopIntent int

const (
	intentNone stopIntent = iota
	intentStop
	intentRestart
)

// supervisor is owned by one goroutine, on the one thread that starts tasks.
type supervisor struct {
	places   layout
	document taskDocument
	rules    restartRules
	podUID   string
	state    restartState
	pid      int
	started  time.Time
	held     *restartAction
	intent   stopIntent
	// startTimer runs while the task waits to be started, killTimer while it has been told to end.
	startTimer, killTimer <-chan time.Time
	// waiters get their answer when the restart that they asked for has happened.
	waiters []chan<- controlReply
	sink    [3]uintptr
}

func runCommand(places layout) int {
	runtime.LockOSThread()
	debug.SetGCPercent(runHeapPercent)
	syscall.Umask(taskUmask)
	received := notifyRunSignals()
	s := &supervisor{places: places, podUID: os.Getenv(podUIDEnv)}
	if err := s.prepare(); err != nil {
		return s.startFailed(err).exitCode
	}
	requests := make(chan controlCall)
	if err := serveControl(places.controlSocket(), requests); err != nil {
		complain("the control socket is not available: %v", err)
	}
	if code, done := s.apply(s.decide(restartEvent{kind: eventBegin})); done {
		return code
	}
	return s.loop(received, requests)
}

// complain writes to the task's own stderr, which is the only place a person looks at.
func complain(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "launcher: "+format+"\n", values...)
}

func notifyRunSignals() <-chan os.Signal {
	received := make(chan os.Signal, signalBacklog)
	signal.Notify(received, syscall.SIGCHLD, syscall.SIGTERM, syscall.SIGINT, syscall.SIGPIPE)
	signal.Notify(received, forwardedSignals()...)
	return received
}

func forwardedSignals() []os.Signal {
	return []os.Signal{
		syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGWINCH,
		syscall.SIGCONT, syscall.SIGIO, syscall.SIGPWR, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU,
		syscall.SIGVTALRM, syscall.SIGXCPU, syscall.SIGXFSZ,
	}
}

// prepare does what is done once: after it, this thread starts processes with the task's capabilities and no others.
func (s *supervisor) prepare() error {
	if err := os.Chmod(s.places.stateDirectory, 0o700); err != nil {
		complain("the state directory stays as it is: %v", err)
	}
	s.state = readRestartState(s.places.stateDirectory)
	document, err := readDocument(s.places.document)
	if err != nil {
		return err
	}
	if document, err = documentOnHost(s.places, document, s.podUID); err != nil {
		return err
	}
	s.document = document
	s.rules = restartRules{policy: document.Restart, restartOnSuccess: document.RestartOnSuccess}
	if err := becomeSubreaper(); err != nil {
		return fmt.Errorf("the launcher cannot become a subreaper: %w", err)
	}
	if err := prepareTaskDirectories(s.places.root); err != nil {
		return err
	}
	capabilities, err := taskCapabilities(document)
	if err != nil {
		return err
	}
	if err := restrictThread(capabilities); err != nil {
		return err
	}
	null, err := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("/dev/null: %w", err)
	}
	s.sink = [3]uintptr{uintptr(null), 1, 2}
	return nil
}

// decide runs the restart policy with this moment's clock and a random number, and keeps the state.
func (s *supervisor) decide(event restartEvent) restartAction {
	event.nowMs, event.jitter = time.Now().UnixMilli(), rand.Float64()
	state, action := decideRestart(s.rules, s.state, event)
	s.keep(state)
	return action
}

func (s *supervisor) keep(state restartState) {
	s.state = state
	if err := writeRestartState(s.places.stateDirectory, state); err != nil {
		complain("the restart state is not kept: %v", err)
	}
}

// apply performs an action. It reports the exit code when the launcher is to end.
func (s *supervisor) apply(action restartAction) (code int, done bool) {
	switch action.kind {
	case actStart:
		wait := time.Until(time.UnixMilli(action.startAtMs))
		if wait <= 0 {
			return s.startTask()
		}
		s.startTimer = time.After(wait)
		return 0, false
	case actHold:
		s.held = &action
		s.leaveMessage(action.message)
		return 0, false
	}
	s.leaveMessage(action.message)
	return action.exitCode, true
}

func (s *supervisor) leaveMessage(message terminationMessage) {
	if err := writeTerminationMessage(s.places.terminationLog, message); err != nil {
		complain("no termination message is left: %v", err)
	}
}

func (s *supervisor) startFailed(why error) restartAction {
	complain("%v", why)
	action := s.decide(restartEvent{kind: eventStartFailed, message: why.Error()})
	s.leaveMessage(action.message)
	return action
}

func (s *supervisor) startTask() (code int, done bool) {
	s.startTimer, s.intent = nil, intentNone
	plan, err := planSpawn(s.places, s.document, s.podUID)
	if err != nil {
		return s.startFailed(err).exitCode, true
	}
	defer syscall.Close(plan.workDir)
	path, err := plan.taskCommand(s.places.root, s.document)
	if err != nil {
		return s.startFailed(err).exitCode, true
	}
	plan.diesWithUs = true
	giveOutput(plan.user.uid)
	s.state.Phase = phaseRunning
	s.keep(s.state)
	argv := append([]string{path}, s.document.Args...)
	pid, err := plan.start(path, argv, s.sink, false)
	if isUnusableProgram(err) {
		// As on Nomad, a file that the kernel will not run is a task that has started, and failed.
		fmt.Fprintf(os.Stderr, "exec %s: %v\n", path, err)
		return s.apply(s.decide(restartEvent{kind: eventEnded, exitCode: exitOfFailedExec}))
	}
	if err != nil {
		return s.startFailed(fmt.Errorf("failed to launch command %s: %w", path, err)).exitCode, true
	}
	s.pid, s.started = pid, time.Now()
	s.answerWaiters(controlReply{})
	return 0, false
}

func isUnusableProgram(err error) bool {
	return errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOEXEC) || errors.Is(err, syscall.EACCES) ||
		errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

// giveOutput lets the task open /dev/stdout and /dev/stderr again by name. Where that is not allowed, it still has them open.
func giveOutput(uid uint32) {
	for _, fd := range []int{1, 2} {
		_ = syscall.Fchown(fd, int(uid), -1)
	}
}

func (s *supervisor) loop(received <-chan os.Signal, requests <-chan controlCall) int {
	for {
		var code int
		var done bool
		select {
		case number := <-received:
			code, done = s.onSignal(number.(syscall.Signal))
		case call := <-requests:
			code, done = s.onRequest(call)
		case <-s.startTimer:
			code, done = s.startTask()
		case <-s.killTimer:
			s.killTask()
		}
		if done {
			return code
		}
	}
}

func (s *supervisor) onSignal(number syscall.Signal) (code int, done bool) {
	switch number {
	case syscall.SIGCHLD:
		return s.reap()
	case syscall.SIGPIPE:
		return 0, false
	case syscall.SIGTERM, syscall.SIGINT:
		return s.stop()
	}
	if s.pid != 0 {
		s.signalTask(number)
	}
	return 0, false
}

// signalTask signals the task's first process alone, as Nomad does.
func (s *supervisor) signalTask(number syscall.Signal) {
	if err := signalProcess(s.pid, number); err != nil && err != syscall.ESRCH {
		complain("%s does not reach the task: %v", signalName(number), err)
	}
}

// stop is final: a restart that is under way ends in a stop.
func (s *supervisor) stop() (code int, done bool) {
	if s.held != nil {
		return s.held.exitCode, true
	}
	if s.pid == 0 {
		return s.apply(s.decide(restartEvent{kind: eventStopped, exitCode: exitStopped, signal: "SIGTERM"}))
	}
	s.endTask(intentStop)
	return 0, false
}

// endTask begins the end: the kill signal once, and SIGKILL for all when the kill timeout has passed.
func (s *supervisor) endTask(intent stopIntent) {
	alreadyEnding := s.intent != intentNone
	s.intent = intent
	if alreadyEnding {
		return
	}
	if number, ok := signalNamed(s.document.KillSignal); ok {
		s.signalTask(number)
	}
	s.killTimer = time.After(time.Duration(s.document.KillTimeoutMs) * time.Millisecond)
}

func (s *supervisor) killTask() {
	s.killTimer = nil
	if s.pid != 0 {
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
		if pid == s.pid {
			return s.taskEnded(status)
		}
	}
}

// taskEnded ends what the task left behind, as the end of its container does on Nomad.
func (s *supervisor) taskEnded(status syscall.WaitStatus) (code int, done bool) {
	s.pid, s.killTimer = 0, nil
	killDescendants(os.Getpid(), reapAll)
	exitCode, name := exitOf(status)
	event := restartEvent{kind: eventEnded, exitCode: exitCode, signal: name}
	switch s.intent {
	case intentRestart:
		s.state.Restarts = min(s.state.Restarts+1, maxStoredCounts)
		return s.startTask()
	case intentStop:
		event.kind = eventStopped
	}
	return s.apply(s.decide(event))
}
