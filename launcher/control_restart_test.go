package main

import (
	"testing"
	"time"
)

func TestAClientThatGoesDoesNotWaitForTheRestartThatItAskedFor(t *testing.T) {
	document := shell(`trap 'echo asked to end' INT; echo ready; while :; do sleep 0.05; done`)
	document.KillTimeoutMs = 1000_000
	r := runDocument(t, document)
	r.untilStdout("ready")
	c := openSessionIn(t, r.directory)
	c.send(encodeJSON(frameOperate, operateMessage{Operation: operationRerun}))
	r.untilStdout("asked to end")
	if err := c.input.Close(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.command.Wait() }()
	select {
	case <-ended:
	case <-time.After(patience / 2):
		t.Fatal("it still waits")
	}
	if after := r.status(); after.State != "running" || after.Restarts != 0 {
		t.Errorf("the task is not left its time to end: %+v", after)
	}
}

func TestOnlySoManyWaitForARestart(t *testing.T) {
	s := &supervisor{run: taskRun{pid: 1, intent: intentRestart}}
	answers := make([]chan controlReply, maxWaiters+1)
	for index := range answers {
		answers[index] = make(chan controlReply, 1)
		if _, done := s.onRequest(controlCall{request: controlRequest{Operation: operationRestart}, answer: answers[index]}); done {
			t.Fatal("the launcher ends")
		}
	}
	refused := <-answers[maxWaiters]
	if refused.Error == "" {
		t.Errorf("the last one is answered with %+v", refused)
	}
	s.answerWaiters(controlReply{})
	for index, answer := range answers[:maxWaiters] {
		if reply := <-answer; reply.Error != "" {
			t.Errorf("number %d is answered with %+v", index, reply)
		}
	}
}
