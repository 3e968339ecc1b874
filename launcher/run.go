// `launcher run`: the container's first process. Starts the task, passes signals on, reaps, applies the restart policy.
package main

import (
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
	restAfter        = 10 * time.Second
)

// supervisor is owned by one goroutine, on the one thread that starts tasks.
type supervisor struct {
	places   layout
	document taskDocument
	rules    restartRules
	podUID   string
	state    restartState
	output   *taskOutput
	oom      oomCounter
	group    *groupMember
	held     *restartAction
	// skipsDelayUntil: whoever is about to stop the task has asked for no shutdown delay.
	skipsDelayUntil time.Time
	// startTimer runs while the task waits to be started, and waitsForGroup says that others must be further first.
	startTimer    <-chan time.Time
	waitsForGroup bool
	// planned is where a start that is being prepared will come from.
	planned   <-chan plannedStart
	run       taskRun
	templates *templates
	// restTimer runs out when nobody has asked anything for a while: then memory is given back.
	restTimer <-chan time.Time
	// waiters get their answer when the restart that they asked for has happened; restarted is the run that it has ended.
	waiters   []chan<- controlReply
	restarted *endedRun
	// followers hear of the end before it comes.
	followers followerList
	null      int
}

// taskRun is one run of the task: from its start to its end, all of it is new each time.
type taskRun struct {
	pid         int
	started     time.Time
	environment []string
	output      *outputRun
	oomKills    int64
	intent      stopIntent
	// asked is when it was told to end for good.
	asked time.Time
	// delaySkipped: it had a shutdown delay that was asked to be left out.
	delaySkipped bool
	// message says why intent is what it is, where a reason is left behind.
	message string
	// delayTimer puts the kill signal off, killTimer is for SIGKILL.
	delayTimer, killTimer <-chan time.Time
	changes               <-chan templateChange
	stopWatching          func()
}

func runCommand(places layout) int {
	runtime.LockOSThread()
	debug.SetGCPercent(runHeapPercent)
	syscall.Umask(taskUmask)
	signals := notifyRunSignals()
	s := &supervisor{places: places, podUID: os.Getenv(podUIDEnv)}
	if err := s.prepare(); err != nil {
		return s.startFailed(err).exitCode
	}
	requests := make(chan controlCall)
	if err := serveControl(places.controlSocket(), requests, &s.followers); err != nil {
		complain("the control socket is not available: %v", err)
	}
	others := make(chan struct{}, 1)
	if s.group != nil {
		watchGroup(s.group.directory, others)
	}
	defer s.followers.finish()
	if code, done := s.apply(s.decide(restartEvent{kind: eventBegin})); done {
		return code
	}
	if s.held != nil {
		s.output.replay()
	}
	return s.loop(signals, requests, others)
}

// complain writes to the container's own stderr, which is the only place a person looks at.
func complain(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "launcher: "+format+"\n", values...)
}

// runSignals come apart: a task of root's can flood its launcher with signals, and what has no room is dropped. Of those
// that say that a child has ended, and of those that ask for a stop, one stands for all.
type runSignals struct {
	children, stops, others chan os.Signal
}

func notifyRunSignals() runSignals {
	signals := runSignals{children: make(chan os.Signal, 1), stops: make(chan os.Signal, 1), others: make(chan os.Signal, signalBacklog)}
	signal.Notify(signals.children, syscall.SIGCHLD)
	signal.Notify(signals.stops, syscall.SIGTERM, syscall.SIGINT)
	signal.Notify(signals.others, append(forwardedSignals(), syscall.SIGPIPE)...)
	// A task with CAP_KILL could end the first process with one of these, and leave a message of its own in its name. Real
	// faults of this process end it all the same.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGABRT, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGSEGV,
		syscall.SIGSTKFLT, syscall.SIGSYS, syscall.SIGTRAP)
	return signals
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
	s.document, s.rules = document, rulesOf(document)
	if s.group, err = joinGroup(s.places, document); err != nil {
		return err
	}
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
	if s.null, err = syscall.Open(os.DevNull, syscall.O_RDONLY|syscall.O_CLOEXEC, 0); err != nil {
		return fmt.Errorf("/dev/null: %w", err)
	}
	s.output, s.oom = newTaskOutput(s.places, document), findOOMCounter()
	return nil
}

// rulesOf knows of two tasks that the pod's own rule for restarts does not fit: a poststart task that has done its work
// must not be started again, and one that is a sidecar must be, also in the pod of a batch job.
func rulesOf(document taskDocument) restartRules {
	isPoststart := document.Lifecycle.Hook == hookPoststart && len(document.Lifecycle.Mains) > 0
	return restartRules{
		policy: document.Restart.policy(), restartOnSuccess: document.RestartOnSuccess,
		holdsCompleted: isPoststart, restartsByFailure: isPoststart,
	}
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
	if action.kind == actStart {
		s.group.begin()
		if wait := time.Until(time.UnixMilli(action.startAtMs)); wait > 0 {
			s.startTimer = time.After(wait)
			return 0, false
		}
		return s.startInTurn()
	}
	s.leave(action)
	if action.kind == actHold {
		s.held = &action
		return s.endHold()
	}
	return action.exitCode, true
}

// leave tells the cluster, and the other tasks of the group, how the task has ended.
func (s *supervisor) leave(action restartAction) {
	s.leaveMessage(action.message)
	s.group.tell(groupPhaseAfter(s.state, action.message.Reason), action.message.Reason)
}

func (s *supervisor) leaveMessage(message terminationMessage) {
	if err := writeTerminationMessage(s.places.terminationLog, message); err != nil {
		complain("no termination message is left: %v", err)
	}
}

func (s *supervisor) loop(signals runSignals, requests <-chan controlCall, others <-chan struct{}) int {
	for {
		var code int
		var done bool
		select {
		case <-signals.children:
			code, done = s.reap()
		case <-signals.stops:
			code, done = s.stop()
		case number := <-signals.others:
			s.onSignal(number.(syscall.Signal))
		case call := <-requests:
			s.restTimer = time.After(restAfter)
			code, done = s.onRequest(call)
		case <-s.restTimer:
			giveBackMemory()
		case <-others:
			code, done = s.onGroup()
		case <-s.startTimer:
			s.startTimer = nil
			code, done = s.startInTurn()
		case start := <-s.planned:
			code, done = s.onPlanned(start)
		case change := <-s.run.changes:
			s.onTemplate(change)
		case <-s.run.delayTimer:
			s.sendKillSignal()
		case <-s.run.killTimer:
			s.killTask()
		}
		if done {
			return code
		}
	}
}

func (s *supervisor) onSignal(number syscall.Signal) {
	if number != syscall.SIGPIPE && s.run.pid != 0 {
		s.signalTask(number)
	}
}
