package main

import (
	"encoding/json"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// TestManySessionsLeaveRoomToAsk has one process say of itself, over and over, that it is a session.
func TestManySessionsLeaveRoomToAsk(t *testing.T) {
	r := runDocument(t, shell("echo ready; sleep 1000"))
	r.untilStdout("ready")
	leader := exec.Command("sleep", "1000")
	leader.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := leader.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = leader.Process.Kill()
		_ = leader.Wait()
	})
	request, err := json.Marshal(controlRequest{Operation: operationSession, Leader: leader.Process.Pid})
	if err != nil {
		t.Fatal(err)
	}
	known := 0
	for range maxConnections + 10 {
		fd, err := connectRoot(placesIn(r.directory).controlSocket())
		if err != nil {
			continue
		}
		defer syscall.Close(fd)
		if known < maxSessions && introduce(fd, request) == nil {
			known++
			continue
		}
		_ = writeLine(fd, request)
	}
	answered := make(chan error, 1)
	go func() {
		_, err := askFirstProcess(placesIn(r.directory).controlSocket(), controlRequest{Operation: operationStatus})
		answered <- err
	}()
	select {
	case err := <-answered:
		if err != nil || known != maxSessions {
			t.Errorf("%d sessions are known, %v", known, err)
		}
	case <-time.After(patience / 2):
		t.Error("nothing is answered any more")
	}
}
