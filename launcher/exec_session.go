// One exec session: frames in, frames out, one process, and what happens when either side goes first.
package main

import (
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	silenceLimit   = 30 * time.Second
	drainAfterExit = 2 * time.Second
)

// execSession is shared by its goroutines: the frame reader, the feeder of stdin, two output pumps, the reaper, and the
// main one, which alone starts and ends things.
type execSession struct {
	places  layout
	podUID  string
	input   *frameReader
	output  *frameWriter
	stdin   *stdinQueue
	stdout  *outputPump
	stderr  *outputPump
	start   chan startMessage
	operate chan operateMessage
	results *operationOutput
	process chan execProcess
	// gone is closed when the client cannot be reached any more, or has broken the protocol.
	gone     chan struct{}
	goneOnce sync.Once
	// revoked says that the right to the session was taken away: its processes end, whatever the policy is.
	revoked atomic.Bool
	silence *time.Timer
	// inputEnded is closed when nothing more can come from the client.
	inputEnded chan struct{}
}

func newExecSession(places layout, input *os.File, outputFD int) *execSession {
	s := &execSession{
		places:     places,
		podUID:     os.Getenv(podUIDEnv),
		stdin:      newStdinQueue(),
		stdout:     newOutputPump(frameStdout),
		stderr:     newOutputPump(frameStderr),
		start:      make(chan startMessage, 1),
		operate:    make(chan operateMessage, 1),
		process:    make(chan execProcess, 1),
		gone:       make(chan struct{}),
		inputEnded: make(chan struct{}),
	}
	s.output = &frameWriter{fd: outputFD, broken: s.clientGone}
	s.results = newOperationOutput(s.output.send, s.gone)
	s.input = newFrameReader(input)
	return s
}

func (s *execSession) clientGone() {
	s.goneOnce.Do(func() {
		close(s.gone)
		s.results.wake()
	})
}

// frameWriter lets several goroutines send whole frames.
type frameWriter struct {
	mutex  sync.Mutex
	fd     int
	broken func()
}

func (w *frameWriter) send(encoded []byte) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for len(encoded) > 0 {
		n, err := syscall.Write(w.fd, encoded)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			w.broken()
			return
		}
		encoded = encoded[n:]
	}
}

func (s *execSession) run() int {
	s.output.send(encodeJSON(frameHello, helloMessage{Version: protocolVersion, PodUID: s.podUID, Operations: operationNames()}))
	s.silence = time.AfterFunc(silenceLimit, s.clientGone)
	s.watchSignals()
	go s.readFrames()
	select {
	case <-s.gone:
		return exitClientGone
	case message := <-s.start:
		return s.serve(message)
	case message := <-s.operate:
		return s.perform(message)
	}
}

// watchSignals takes a signal to the launcher as the end of the client. SIGPIPE is caught so that a broken pipe is an
// error of the write, and not the end of this process before it has ended the session.
func (s *execSession) watchSignals() {
	received := make(chan os.Signal, 4)
	signal.Notify(received, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	go func() {
		for number := range received {
			if number != syscall.SIGPIPE {
				s.clientGone()
			}
		}
	}()
}

func (s *execSession) serve(message startMessage) int {
	if err := becomeSubreaper(); err != nil {
		return s.refuse(err)
	}
	process, err := startExecProcess(s.places, s.podUID, message, [2]*outputPump{s.stdout, s.stderr})
	if err != nil {
		return s.refuse(err)
	}
	ended := reapUntil(process.leader)
	farewell := func() {}
	if message.Policy != policyKeep {
		farewell = registerSession(s.places.controlSocket(), process.leader)
	}
	pumps := s.startMoving(process)
	s.process <- process
	select {
	case status := <-ended:
		return s.finish(status, process, pumps, message.Policy, farewell)
	case <-s.gone:
		s.applyPolicy(message.Policy, process, pumps, ended)
		farewell()
		return exitClientGone
	}
}

func (s *execSession) refuse(why error) int {
	text := "failed to start command: " + why.Error()
	s.output.send(encodeJSON(frameError, errorMessage{Code: "start-failed", Message: text}))
	return exitSessionFailed
}

// startMoving returns the pumps that run: with a terminal, stderr is part of stdout.
func (s *execSession) startMoving(process execProcess) []*outputPump {
	feeder := stdinFeeder{queue: s.stdin, sink: process.stdin, terminal: process.terminal != nil, grant: s.grantStdin}
	go feeder.feed()
	pumps := []*outputPump{s.stdout}
	if process.terminal == nil {
		pumps = append(pumps, s.stderr)
	}
	for _, pump := range pumps {
		go pump.run(s.output.send)
	}
	return pumps
}

func (s *execSession) grantStdin(bytes int) {
	s.output.send(encodeCredit(creditGrant{stream: streamStdin, bytes: uint32(bytes)}))
}

// reapUntil reaps every child of this process for as long as there are any; the leader's status is what it sends.
func reapUntil(leader int) <-chan syscall.WaitStatus {
	ended := make(chan syscall.WaitStatus, 1)
	go func() {
		for {
			var status syscall.WaitStatus
			pid, err := syscall.Wait4(-1, &status, 0, nil)
			if err == syscall.EINTR {
				continue
			}
			if err != nil {
				return
			}
			if pid == leader {
				ended <- status
			}
		}
	}()
	return ended
}

// finish sends all that the leader left in its streams, then its exit. Background children are left alone.
func (s *execSession) finish(
	status syscall.WaitStatus, process execProcess, pumps []*outputPump, policy string, farewell func(),
) int {
	if process.terminal == nil {
		_ = process.stdin.Close() // frees the feeder; the client may have closed it before
	}
	for _, pump := range pumps {
		pump.finish()
	}
	for _, pump := range pumps {
		select {
		case <-pump.done:
		case <-s.gone:
			s.applyPolicy(policy, process, pumps, nil)
			farewell()
			return exitClientGone
		}
	}
	code, name := exitOf(status)
	s.output.send(encodeJSON(frameExit, exitMessage{
		Code: code, Signal: name, StdoutBytes: s.stdout.sent, StderrBytes: s.stderr.sent,
	}))
	farewell()
	select {
	case <-s.inputEnded:
	case <-time.After(drainAfterExit):
	}
	return 0
}
