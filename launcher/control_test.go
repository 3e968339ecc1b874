package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestControl(t *testing.T) {
	r := runDocument(t, shell(`trap 'echo got USR1' USR1; trap 'echo got INT; exit 0' INT; echo ready; while :; do sleep 0.05; done`))
	r.untilStdout("ready")
	before := r.status()
	if before.State != "running" || before.PID == 0 || before.StartedAt == "" {
		t.Errorf("status %+v", before)
	}
	if _, err := r.control("signal", "usr1"); err != nil {
		t.Errorf("signal: %v", err)
	}
	r.untilStdout("got USR1")
	if _, err := r.control("signal", "SIGNONE"); err == nil {
		t.Error("an unknown signal is accepted")
	}
	if _, err := r.control("restart"); err != nil {
		t.Errorf("restart: %v", err)
	}
	after := r.status()
	if after.State != "running" || after.PID == before.PID || after.Restarts != 1 || !strings.Contains(r.stdout(), "got INT") {
		t.Errorf("status %+v, stdout %q", after, r.stdout())
	}
	if state := readRestartState(filepath.Join(r.directory, "state")); state.Attempt != 0 {
		t.Errorf("a restart that was asked for counts as an attempt: %+v", state)
	}
}

func TestWaitingTaskStartsAtOnceWhenARestartIsAskedFor(t *testing.T) {
	document := shell("echo run; exit 9")
	document.Restart.DelayMs = 1000_000
	directory := testPlaces(t, document)
	startRun(t, directory).exitCode()
	r := startRun(t, directory)
	eventually(t, "the control socket answers", func() bool { _, err := r.control("status"); return err == nil })
	if status := r.status(); status.State != "waiting" || r.stdout() != "" {
		t.Fatalf("status %+v, stdout %q", status, r.stdout())
	}
	_, _ = r.control("restart") // the task may end before the answer
	if code := r.exitCode(); code != 9 || r.stdout() != "run\n" {
		t.Errorf("exit code %d, stdout %q", code, r.stdout())
	}
}

func TestControlSocketIsForRootAlone(t *testing.T) {
	r := runDocument(t, shell("echo ready; sleep 1000"))
	r.untilStdout("ready")
	about, err := os.Stat(filepath.Join(r.directory, "state", "control.sock"))
	if err != nil || about.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", about.Mode(), err)
	}
	openToAll(t, r.directory)
	for _, path := range []string{"state", "state/control.sock"} {
		if err := os.Chmod(filepath.Join(r.directory, path), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	fd, err := syscall.Socket(syscall.AF_UNIX, seqStreamFlags, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	address := &syscall.SockaddrUnix{Name: filepath.Join(r.directory, "state", "control.sock")}
	if err := asEffectiveUser(65534, func() error { return syscall.Connect(fd, address) }); err != nil {
		t.Fatal(err)
	}
	_ = writeLine(fd, []byte(`{"operation":"status"}`)) // the launcher may have hung up before
	if answer, err := readLine(fd); err == nil {
		t.Errorf("nobody is told %q", answer)
	}
}
