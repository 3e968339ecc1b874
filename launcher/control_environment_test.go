package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestExecSessionsHaveTheRunningTasksEnvironment(t *testing.T) {
	document := shell("echo ready; exec sleep 1000")
	document.Env["ODD"] = strings.Repeat("€=\n<", 10_000)
	directory := testPlaces(t, document)
	r := startRun(t, directory)
	r.untilStdout("ready")
	list, ok := runningEnvironment(filepath.Join(directory, "state", "control.sock"))
	if !ok || !slices.Contains(list, "ODD="+document.Env["ODD"]) || !slices.Contains(list, "GREETING=hello") || !slices.Contains(list, "USER=nobody") {
		t.Fatalf("%d variables, %v", len(list), ok)
	}
	document.Env["GREETING"] = "changed since"
	c := openSessionIn(t, rewrite(t, directory, document))
	c.start(startMessage{Argv: []string{"sh", "-c", `echo "$GREETING"`}, Policy: policyHangup})
	if message := c.exit(); message.Code != 0 || c.stdout.String() != "hello\n" {
		t.Errorf("exit %+v, stdout %q", message, c.stdout.String())
	}
}

func TestEnvironmentIsComputedWhereNothingRuns(t *testing.T) {
	document := shell("exit 9")
	document.Restart.DelayMs = 1000_000
	directory := testPlaces(t, document)
	startRun(t, directory).exitCode()
	r := startRun(t, directory)
	eventually(t, "the control socket answers", func() bool { _, err := r.control("status"); return err == nil })
	for _, socket := range []string{filepath.Join(directory, "state", "control.sock"), filepath.Join(directory, "no-such")} {
		if list, ok := runningEnvironment(socket); ok {
			t.Errorf("%s: %v", socket, list)
		}
	}
	c := openSessionIn(t, directory)
	c.start(startMessage{Argv: []string{"sh", "-c", `echo "$GREETING"`}, Policy: policyHangup})
	if message := c.exit(); message.Code != 0 || c.stdout.String() != "hello\n" {
		t.Errorf("exit %+v, stdout %q", message, c.stdout.String())
	}
}

func TestLongestEnvironmentFitsIntoAnAnswer(t *testing.T) {
	s := &supervisor{run: taskRun{pid: 1, environment: []string{"A=" + strings.Repeat("\x00\xff", 1<<20)}}}
	line, err := json.Marshal(s.environmentReply())
	if err != nil {
		t.Fatal(err)
	}
	ends, err := syscall.Socketpair(syscall.AF_UNIX, seqStreamFlags, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(ends[0])
	defer syscall.Close(ends[1])
	go func() { _ = writeLine(ends[1], line) }()
	answer, err := readLongLine(ends[0], maxAnswerLineBytes)
	if err != nil || !bytes.Equal(answer, line) {
		t.Errorf("%d bytes of %d, %v", len(answer), len(line), err)
	}
}
