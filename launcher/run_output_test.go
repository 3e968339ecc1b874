package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// withLogs gives a test's launcher the directory that a pod has at /alloc.
func withLogs(t *testing.T, document taskDocument) (directory, logs string) {
	t.Helper()
	directory = testPlaces(t, document)
	logs = filepath.Join(directory, "alloc", "logs")
	if err := os.MkdirAll(logs, 0o777); err != nil {
		t.Fatal(err)
	}
	return directory, logs
}

// fifoOf is a fifo that a task waits at until the test writes to it.
func fifoOf(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	openToAll(t, directory)
	fifo := filepath.Join(directory, "go")
	if err := syscall.Mkfifo(fifo, 0o644); err != nil {
		t.Fatal(err)
	}
	return fifo
}

func TestOutputGoesToTheContainerAndToTheLogs(t *testing.T) {
	directory, logs := withLogs(t, shell("echo out; echo err >&2; exit 3"))
	for run := range 2 {
		r := startRun(t, directory)
		if code := r.exitCode(); code != 3 || r.stdout() != "out\n" || r.complaint() != "err\n" {
			t.Errorf("run %d: exit code %d, stdout %q, stderr %q", run, code, r.stdout(), r.complaint())
		}
	}
	expectContents(t, logs, map[string]string{"web.stdout.0": "out\nout\n", "web.stderr.0": "err\nerr\n"})
}

// TestNoOutputIsLostAtTheEnd has children that hold the pipes, also one that is out of reach of the end of the task.
func TestNoOutputIsLostAtTheEnd(t *testing.T) {
	const bytes = 3_000_000
	document := shell("sleep 1000 & head -c 3000000 /dev/zero | tr '\\0' x; printf end >&2")
	document.Logs = logsPolicy{MaxFiles: 10, MaxFileBytes: 1_000_000}
	directory, logs := withLogs(t, document)
	r := startRun(t, directory)
	if code := r.exitCode(); code != 0 || len(r.stdout()) != bytes || r.complaint() != "end" {
		t.Fatalf("exit code %d, %d bytes, stderr %q", code, len(r.stdout()), r.complaint())
	}
	kept := contentsOf(t, logs)
	if got := len(kept["web.stdout.0"] + kept["web.stdout.1"] + kept["web.stdout.2"]); got != bytes || len(kept) != 4 {
		t.Errorf("%d bytes are kept, in %d files", got, len(kept))
	}
}

// TestOutputIsSeenOutForASlowReader ends the task while its output is in all places that can hold some.
func TestOutputIsSeenOutForASlowReader(t *testing.T) {
	needRoot(t)
	directory, _ := withLogs(t, shell("head -c 90000 /dev/zero; sleep 0.2; head -c 30000 /dev/zero"))
	command := launcher(t, directory, "run")
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(600 * time.Millisecond)
	all, err := io.ReadAll(output)
	if err != nil || len(all) != 120_000 {
		t.Errorf("%d bytes came, %v", len(all), err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("the launcher ends with %v", err)
	}
}

func TestWhoeverHoldsTheOutputOpenIsNotWaitedFor(t *testing.T) {
	fifo := fifoOf(t)
	directory, _ := withLogs(t, shell("echo ready; read -r x < "+fifo+"; echo last"))
	r := startRun(t, directory)
	r.untilStdout("ready")
	held, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/1", r.status().PID), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := os.WriteFile(fifo, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if code := r.exitCode(); code != 0 || r.stdout() != "ready\nlast\n" {
		t.Errorf("exit code %d, stdout %q", code, r.stdout())
	}
	if waited := time.Since(began); waited > drainPatience/2 {
		t.Errorf("the launcher waited for %v", waited)
	}
}

func TestTaskOpensItsOutputByName(t *testing.T) {
	document := shell("echo out > /dev/stdout; echo err > /dev/stderr")
	document.Capabilities = []string{}
	directory, _ := withLogs(t, document)
	r := startRun(t, directory)
	if code := r.exitCode(); code != 0 || r.stdout() != "out\n" || r.complaint() != "err\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, r.stdout(), r.complaint())
	}
}

func TestDisabledLogsKeepNothing(t *testing.T) {
	document := shell("echo out; echo err >&2; where=$(readlink /proc/$$/fd/1); echo $where > $OUT")
	document.Logs.Disabled = true
	directory, logs := withLogs(t, document)
	openToAll(t, directory)
	if err := os.Chmod(logs, 0o777); err != nil {
		t.Fatal(err)
	}
	seen := filepath.Join(logs, "seen")
	document.Env["OUT"] = seen
	r := startRun(t, rewrite(t, directory, document))
	if code := r.exitCode(); code != 0 || r.stdout() != "" || r.complaint() != "" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, r.stdout(), r.complaint())
	}
	expectContents(t, logs, map[string]string{"seen": "/dev/null\n"})
}

func TestProgramThatTheKernelRefusesIsInTheLogs(t *testing.T) {
	document := validDocument()
	directory, logs := withLogs(t, document)
	script := filepath.Join(directory, "run")
	if err := os.WriteFile(script, []byte("#!/no/such/interpreter\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	openToAll(t, directory)
	document.Command, document.Args = script, []string{}
	startRun(t, rewrite(t, directory, document)).exitCode()
	expectContents(t, logs, map[string]string{"web.stdout.0": "", "web.stderr.0": "exec " + script + ": no such file or directory\n"})
}

// TestTaskThatTakesItsLogsAway links them to a file of root's: it stays as it is, and the stream goes on.
func TestTaskThatTakesItsLogsAway(t *testing.T) {
	fifo := fifoOf(t)
	document := shell("echo one; read -r x < " + fifo + "; yes | head -c 300000")
	document.Logs = logsPolicy{MaxFiles: 10, MaxFileBytes: 100_000}
	directory, logs := withLogs(t, document)
	r := startRun(t, directory)
	r.untilStdout("one")
	secret := filepath.Join(directory, "secret")
	if err := os.WriteFile(secret, []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(logs); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(directory, logs); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(fifo, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	if code := r.exitCode(); code != 0 || len(r.stdout()) != 300_004 {
		t.Errorf("exit code %d, %d bytes", code, len(r.stdout()))
	}
	if strings.Count(r.complaint(), "output is not kept") != 1 {
		t.Errorf("complaint %q", r.complaint())
	}
	if _, err := os.Lstat(filepath.Join(directory, "web.stdout.1")); err == nil {
		t.Error("the log went where the link leads")
	}
}

func TestTaskGoesOnWhenItsReaderIsGone(t *testing.T) {
	needRoot(t)
	directory, logs := withLogs(t, shell("echo one; yes | head -c 200000; echo last >&2"))
	command := launcher(t, directory, "run")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stdout = writer
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	reader.Close()
	if err := command.Wait(); err != nil {
		t.Errorf("the launcher ends with %v", err)
	}
	kept := contentsOf(t, logs)
	if len(kept["web.stdout.0"]) != 200_004 || kept["web.stderr.0"] != "last\n" {
		t.Errorf("%d bytes are kept, stderr %q", len(kept["web.stdout.0"]), kept["web.stderr.0"])
	}
}

func TestShutdownDelayComesBeforeTheKillSignal(t *testing.T) {
	document := shell(`trap 'echo got INT; exit 7' INT; echo ready; while :; do sleep 0.02; done`)
	document.ShutdownDelayMs = 400
	r := runDocument(t, document)
	r.untilStdout("ready")
	began := time.Now()
	r.signal(syscall.SIGTERM)
	time.Sleep(100 * time.Millisecond)
	r.signal(syscall.SIGTERM)
	if code := r.exitCode(); code != 7 || strings.Count(r.stdout(), "got INT") != 1 {
		t.Errorf("exit code %d, stdout %q", code, r.stdout())
	}
	if took := time.Since(began); took < 400*time.Millisecond || took > 2*time.Second {
		t.Errorf("the stop took %v", took)
	}
}

func TestShutdownDelayIsLeftOutWhereThatIsAsked(t *testing.T) {
	for _, c := range []struct{ name, first string }{{"before the stop", "skip"}, {"while it waits", "stop"}} {
		t.Run(c.name, func(t *testing.T) {
			document := shell(`trap 'exit 7' INT; echo ready; while :; do sleep 0.02; done`)
			document.ShutdownDelayMs = 600_000
			r := runDocument(t, document)
			r.untilStdout("ready")
			if c.first == "stop" {
				r.signal(syscall.SIGTERM)
				time.Sleep(100 * time.Millisecond)
			}
			session := openSessionIn(t, r.directory)
			session.send(encodeJSON(frameOperate, operateMessage{Operation: operationHurry}))
			session.exit()
			if c.first == "skip" {
				r.signal(syscall.SIGTERM)
			}
			if code := r.exitCode(); code != 7 {
				t.Errorf("exit code %d", code)
			}
			runs := readRestartState(filepath.Join(r.directory, "state")).Runs
			if len(runs) != 1 || !runs[0].DelaySkipped || runs[0].AskedMs == 0 {
				t.Errorf("%+v", runs)
			}
		})
	}
}

func TestShutdownDelayIsKeptByAStopThatComesLongAfterItWasAskedToBeLeftOut(t *testing.T) {
	for _, c := range []struct {
		name  string
		asked time.Duration
		waits bool
	}{{"a moment ago", -time.Second, false}, {"a minute ago", -skippedFor, true}} {
		t.Run(c.name, func(t *testing.T) {
			s := &supervisor{document: taskDocument{ShutdownDelayMs: 600_000}, run: taskRun{pid: os.Getpid()}}
			s.skipsDelayUntil = time.Now().Add(c.asked + skippedFor)
			s.endTask(intentStop, "")
			if waits := s.run.delayTimer != nil; waits != c.waits || s.run.delaySkipped == c.waits {
				t.Errorf("waits %v, %+v", waits, s.run)
			}
		})
	}
}

func TestSecondStopChangesNothing(t *testing.T) {
	document := shell(`trap 'echo got INT' INT; echo ready; while :; do sleep 0.02; done`)
	document.KillTimeoutMs = 300
	r := runDocument(t, document)
	r.untilStdout("ready")
	r.signal(syscall.SIGTERM)
	r.untilStdout("got INT")
	r.signal(syscall.SIGTERM)
	if code := r.exitCode(); code != 137 || strings.Count(r.stdout(), "got INT") != 1 {
		t.Errorf("exit code %d, stdout %q", code, r.stdout())
	}
}

func TestRestartOnRequestDoesNotWaitForTheShutdownDelay(t *testing.T) {
	document := shell(`echo ready; exec sleep 1000`)
	document.ShutdownDelayMs, document.KillSignal = 60_000, "SIGTERM"
	r := runDocument(t, document)
	r.untilStdout("ready")
	began := time.Now()
	if _, err := r.control("restart"); err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}
