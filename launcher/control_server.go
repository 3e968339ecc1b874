// The control socket of the container's first process: root alone may restart, signal, ask, and register exec sessions.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"syscall"
	"time"
)

const (
	maxConnections        = 256
	requestTimeoutSeconds = 5
	// maxWaiters leaves most of the connections to others: a task may take as long as its kill timeout to end.
	maxWaiters = 64
	// maxSessions are known at a time, and leave room for who asks. What goes beyond it works on by itself.
	maxSessions = 96
)

// controlCall is a request on its way to the supervisor, which answers exactly once.
type controlCall struct {
	request controlRequest
	answer  chan<- controlReply
}

// serveControl listens, and answers in the background for as long as the launcher lives.
func serveControl(path string, requests chan<- controlCall, followers *followerList) error {
	listener, err := listenPrivate(path)
	if err != nil {
		return err
	}
	slots, sessions := make(chan struct{}, maxConnections), make(chan struct{}, maxSessions)
	go func() {
		for {
			slots <- struct{}{}
			fd, _, err := syscall.Accept4(listener, syscall.SOCK_CLOEXEC)
			if err != nil {
				<-slots
				time.Sleep(betweenKills)
				continue
			}
			go func() {
				defer func() { <-slots }()
				defer syscall.Close(fd)
				serveConnection(fd, requests, followers, sessions)
			}()
		}
	}()
	return nil
}

func serveConnection(fd int, requests chan<- controlCall, followers *followerList, sessions chan struct{}) {
	peer, err := rootPeer(fd)
	if err != nil {
		return
	}
	if err := setTimeouts(fd, requestTimeoutSeconds); err != nil {
		return
	}
	line, err := readLine(fd)
	if err != nil {
		return
	}
	request, err := parseControlRequest(line)
	if err != nil {
		reply(fd, controlReply{Error: err.Error()})
		return
	}
	if request.Operation == operationSession {
		select {
		case sessions <- struct{}{}:
			followSession(fd, peer, request.Leader)
			<-sessions
		default:
		}
		return
	}
	if request.Operation == operationFollow {
		followers.serve(fd)
		return
	}
	answer := make(chan controlReply, 1)
	requests <- controlCall{request: request, answer: answer}
	reply(fd, <-answer)
}

func reply(fd int, answer controlReply) {
	text, err := json.Marshal(answer)
	if err != nil {
		panic(fmt.Sprintf("a control reply cannot be JSON: %v", err))
	}
	_ = writeLine(fd, text) // who has asked may have gone
}

func parseControlRequest(line []byte) (controlRequest, error) {
	var request controlRequest
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return request, fmt.Errorf("the request is not valid: %w", err)
	}
	switch request.Operation {
	case operationRestart, operationSignal, operationStatus, operationEnvironment, operationSession, operationFollow:
		return request, nil
	}
	return request, fmt.Errorf("the operation %q is unknown", request.Operation)
}

// followSession waits for the farewell of an exec launcher. A connection that ends without one means that it has died:
// then what it has started hears what it would hear from a terminal that is gone.
func followSession(fd, peer, leader int) {
	registered, err := readProcess(leader)
	if err != nil || registered.parent != peer || registered.session != leader {
		return
	}
	reply(fd, controlReply{})
	if err := setTimeouts(fd, 0); err != nil {
		return
	}
	if line, err := readLine(fd); err == nil && bytes.Contains(line, []byte(`"`+operationFarewell+`"`)) {
		return
	}
	signalOnce(func(all []process) []process { return sessionOf(registered, all) }, syscall.SIGHUP, syscall.SIGCONT)
}

// sessionOf is every process of the leader's session, and their descendants. Nothing, if another process has the
// leader's number by now.
func sessionOf(leader process, all []process) []process {
	var found []process
	for _, candidate := range all {
		if candidate.pid == leader.pid && candidate.startTicks != leader.startTicks {
			return nil
		}
		if candidate.session == leader.pid && !candidate.zombie {
			found = append(found, candidate)
		}
	}
	known := map[int]bool{}
	for _, member := range found {
		known[member.pid] = true
	}
	for _, member := range found {
		for _, child := range descendantsOf(member.pid, all) {
			if !known[child.pid] {
				known[child.pid] = true
				found = append(found, child)
			}
		}
	}
	return found
}

// onRequest answers at once, but for a restart: that is answered when the task has started again.
func (s *supervisor) onRequest(call controlCall) (code int, done bool) {
	switch call.request.Operation {
	case operationStatus:
		status := s.status()
		call.answer <- controlReply{Status: &status}
	case operationEnvironment:
		call.answer <- s.environmentReply()
	case operationSignal:
		call.answer <- s.signalOnRequest(call.request.Signal)
	case operationRestart:
		return s.restartOnRequest(call.answer)
	}
	return 0, false
}

func (s *supervisor) signalOnRequest(name string) controlReply {
	number, ok := signalNamed(name)
	if !ok {
		return controlReply{Error: fmt.Sprintf("%q is not a signal", name)}
	}
	if s.run.pid == 0 {
		return controlReply{Error: "the task is not running"}
	}
	if err := signalProcess(s.run.pid, number); err != nil {
		return controlReply{Error: fmt.Sprintf("the signal does not reach the task: %v", err)}
	}
	return controlReply{}
}

func (s *supervisor) restartOnRequest(answer chan<- controlReply) (code int, done bool) {
	if s.held != nil || s.run.intent >= intentStop {
		answer <- controlReply{Error: "the task has ended for good and cannot be restarted"}
		return 0, false
	}
	if s.group.verdict().kind == groupWait && s.run.pid == 0 {
		answer <- controlReply{Error: "the task has not started yet: it waits for other tasks of its group"}
		return 0, false
	}
	if len(s.waiters) >= maxWaiters {
		answer <- controlReply{Error: "too many wait for a restart of the task already"}
		return 0, false
	}
	s.waiters = append(s.waiters, answer)
	if s.run.pid == 0 {
		return s.startInTurn()
	}
	s.endTask(intentRestart, "")
	return 0, false
}

func (s *supervisor) answerWaiters(answer controlReply) {
	for _, waiter := range s.waiters {
		waiter <- answer
	}
	s.waiters = nil
}

func (s *supervisor) status() taskStatus {
	if s.held != nil {
		return taskStatus{State: "dead", Restarts: s.state.Restarts}
	}
	if s.run.pid == 0 {
		return taskStatus{State: "waiting", Restarts: s.state.Restarts}
	}
	return taskStatus{
		State: "running", PID: s.run.pid, Restarts: s.state.Restarts, StartedAt: s.run.started.UTC().Format(time.RFC3339Nano),
	}
}
