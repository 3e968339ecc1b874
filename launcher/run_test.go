package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// runOf is one `launcher run` under test.
type runOf struct {
	t         *testing.T
	directory string
	command   *exec.Cmd
	ended     chan struct{}
}

func startRun(t *testing.T, directory string) *runOf {
	t.Helper()
	needRoot(t)
	return startRunWith(t, directory, launcher(t, directory, "run"))
}

func startRunWith(t *testing.T, directory string, command *exec.Cmd) *runOf {
	t.Helper()
	r := &runOf{t: t, directory: directory, command: command, ended: make(chan struct{})}
	output, err := os.Create(filepath.Join(directory, "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	complaint, err := os.Create(filepath.Join(directory, "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer complaint.Close()
	r.command.Stdout, r.command.Stderr = output, complaint
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = r.command.Wait()
		close(r.ended)
	}()
	t.Cleanup(func() {
		killDescendants(r.command.Process.Pid, func() {})
		_ = r.command.Process.Kill()
		<-r.ended
	})
	return r
}

func runDocument(t *testing.T, document taskDocument) *runOf {
	t.Helper()
	return startRun(t, testPlaces(t, document))
}

func shell(script string) taskDocument {
	document := validDocument()
	document.Command, document.Args = "/bin/sh", []string{"-c", script}
	return document
}

func (r *runOf) stdout() string { return r.written("stdout") }

func (r *runOf) complaint() string { return r.written("stderr") }

func (r *runOf) written(name string) string {
	text, err := os.ReadFile(filepath.Join(r.directory, name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

// untilStdout waits for the task to have written the text.
func (r *runOf) untilStdout(text string) {
	r.t.Helper()
	eventually(r.t, "the task writes "+strconv.Quote(text), func() bool { return strings.Contains(r.stdout(), text) })
}

// exitCode waits for the launcher to end.
func (r *runOf) exitCode() int {
	r.t.Helper()
	select {
	case <-r.ended:
	case <-time.After(patience):
		r.t.Fatalf("the launcher does not end; it says %q", r.complaint())
	}
	return r.command.ProcessState.ExitCode()
}

func (r *runOf) message() terminationMessage {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.directory, "termination-log"))
	if err != nil {
		r.t.Fatal(err)
	}
	var message terminationMessage
	if err := json.Unmarshal(text, &message); err != nil {
		r.t.Fatalf("termination message %q: %v", text, err)
	}
	return message
}

func (r *runOf) signal(number syscall.Signal) {
	r.t.Helper()
	if err := r.command.Process.Signal(number); err != nil {
		r.t.Fatal(err)
	}
}

func (r *runOf) control(arguments ...string) (string, error) {
	output, err := launcher(r.t, r.directory, append([]string{"control"}, arguments...)...).Output()
	return string(output), err
}

func (r *runOf) status() taskStatus {
	r.t.Helper()
	output, err := r.control("status")
	var status taskStatus
	if err != nil || json.Unmarshal([]byte(output), &status) != nil {
		r.t.Fatalf("control status: %q, %v", output, err)
	}
	return status
}

func TestTaskIdentity(t *testing.T) {
	const script = `grep -E '^(Cap|NoNewPrivs|Groups)' /proc/self/status; id -u; id -g; umask; pwd; readlink /proc/self/fd/0; echo end`
	cases := []struct {
		name         string
		user         string
		capabilities []string
		masks        string
		ambient      string
	}{
		{name: "nobody with three", user: "nobody", capabilities: []string{"CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"}, masks: "0000000000000421"},
		{name: "nobody with none", user: "nobody", capabilities: []string{}, masks: "0000000000000000"},
		{name: "root", user: "root", capabilities: []string{"CAP_CHOWN"}, masks: "0000000000000001", ambient: "0000000000000000"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			document := shell(script)
			document.User, document.Capabilities, document.AllowRoot = c.user, c.capabilities, true
			document.WorkDir = "/usr"
			r := runDocument(t, document)
			if code := r.exitCode(); code != 0 {
				t.Fatalf("exit code %d: %s", code, r.complaint())
			}
			uid := map[string]string{"nobody": "65534", "root": "0"}[c.user]
			inherited := c.masks
			if c.ambient == "" {
				c.ambient = c.masks
			} else {
				inherited = c.ambient
			}
			want := "Groups:\t \nCapInh:\t" + inherited + "\nCapPrm:\t" + c.masks + "\nCapEff:\t" + c.masks + "\nCapBnd:\t" + c.masks +
				"\nCapAmb:\t" + c.ambient + "\nNoNewPrivs:\t0\n" + uid + "\n0\n0022\n/usr\n/dev/null\nend\n"
			if got := r.stdout(); got != want {
				t.Errorf("the task sees\n%s, want\n%s", got, want)
			}
		})
	}
}

func TestTaskEnvironmentIsTheDocumentsAndThePods(t *testing.T) {
	document := validDocument()
	document.Command, document.Args = "/usr/bin/env", []string{}
	document.Env["USER"] = "override"
	r := runDocument(t, document)
	if code := r.exitCode(); code != 0 {
		t.Fatalf("exit code %d: %s", code, r.complaint())
	}
	want := "GREETING=hello\nHOME=/nonexistent\nLOGNAME=nobody\nNOMAD_ALLOC_ID=" + testPodUID + "\nNOMAD_CPU_CORES=" +
		"\nNOMAD_PARENT_CGROUP=" + parentCgroup() + "\nNOMAD_SHORT_ALLOC_ID=0a1b2c3d\nPATH=/usr/local/bin:/usr/bin:/bin\nUSER=override\n"
	if got := r.stdout(); got != want {
		t.Errorf("environment\n%s, want\n%s", got, want)
	}
}

func TestStartsThatCanNeverSucceed(t *testing.T) {
	cases := []struct {
		name    string
		change  func(*taskDocument)
		message string
	}{
		{"unknown user", func(d *taskDocument) { d.User = "zorro" }, `failed host user validation: failed to identify user "zorro": user: unknown user zorro`},
		{"root", func(d *taskDocument) { d.User = "root" }, `running as user "root" is disallowed`},
		{"root by number", func(d *taskDocument) { d.User = "0" }, `running as user "root" is disallowed`},
		{"denied uid", func(d *taskDocument) { d.DeniedUIDs = "1,65530-65540" }, "failed host user validation: running as uid 65534 is disallowed"},
		{"denied gid", func(d *taskDocument) { d.DeniedGIDs = "65534" }, "failed host user validation: running as gid 65534 is disallowed"},
		{"missing command", func(d *taskDocument) { d.Command = "no-such-program" }, "file no-such-program not found under path"},
		{"directory as command", func(d *taskDocument) { d.Command = "/usr/bin" }, "file /usr/bin not found under path /"},
		{"work_dir below a file", func(d *taskDocument) { d.WorkDir = "/etc/passwd/x" }, `failed to use work_dir "/etc/passwd/x": not a directory`},
		{"work_dir is a file", func(d *taskDocument) { d.WorkDir = "/etc/passwd" }, `failed to use work_dir "/etc/passwd": not a directory`},
		{"work_dir in /proc", func(d *taskDocument) { d.WorkDir = "/proc/1" }, `failed to use work_dir "/proc/1": it is in /proc`},
		{"work_dir through a descriptor", func(d *taskDocument) { d.WorkDir = "/proc/self/fd/0" }, `failed to use work_dir "/proc/self/fd/0": too many levels of symbolic links`},
		{"work_dir /dev/fd", func(d *taskDocument) { d.WorkDir = "/dev/fd" }, `failed to use work_dir "/dev/fd": it is in /proc`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			document := validDocument()
			c.change(&document)
			r := runDocument(t, document)
			if code := r.exitCode(); code != exitNoRestart {
				t.Errorf("exit code %d, want %d", code, exitNoRestart)
			}
			if got := r.message(); got.Reason != reasonStartFailed || got.Message != c.message {
				t.Errorf("message %+v, want %q", got, c.message)
			}
		})
	}
}

func TestDocumentThatCannotBeUsedIsAStartThatFailed(t *testing.T) {
	directory := testPlaces(t, validDocument())
	if err := os.WriteFile(filepath.Join(directory, "task.json"), []byte(`{"version":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	r := startRun(t, directory)
	if code := r.exitCode(); code != exitNoRestart || r.message().Reason != reasonStartFailed {
		t.Errorf("exit code %d, message %+v", code, r.message())
	}
}

func TestProgramThatTheKernelRefusesIsATaskThatFailed(t *testing.T) {
	directory := testPlaces(t, validDocument())
	script := filepath.Join(directory, "run")
	if err := os.WriteFile(script, []byte("#!/no/such/interpreter\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	openToAll(t, directory)
	document := validDocument()
	document.Command, document.Args = script, []string{}
	r := startRun(t, rewrite(t, directory, document))
	if code := r.exitCode(); code != 255 {
		t.Errorf("exit code %d, want 255", code)
	}
	if want := "exec " + script + ": no such file or directory\n"; r.complaint() != want {
		t.Errorf("stderr %q, want %q", r.complaint(), want)
	}
	if about, err := os.Stat(script); err != nil || about.Mode().Perm() != 0o755 {
		t.Errorf("the script has not been made executable: %v, %v", about.Mode(), err)
	}
}

// openToAll lets other users reach what is in a temporary directory.
func openToAll(t *testing.T, directory string) {
	t.Helper()
	for ; directory != "/tmp" && directory != "/"; directory = filepath.Dir(directory) {
		if err := os.Chmod(directory, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func rewrite(t *testing.T, directory string, document taskDocument) string {
	t.Helper()
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, "task.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return directory
}

func TestStopSendsTheKillSignalToTheTaskAlone(t *testing.T) {
	r := runDocument(t, shell(`trap 'echo got INT; exit 7' INT; sh -c 'trap "echo child got INT" INT; sleep 1000' & echo ready; wait`))
	r.untilStdout("ready")
	r.signal(syscall.SIGTERM)
	if code := r.exitCode(); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
	if message := r.message(); message.Reason != reasonStopped || message.ExitCode != 7 {
		t.Errorf("message %+v", message)
	}
	if got := r.stdout(); !strings.Contains(got, "got INT") || strings.Contains(got, "child got INT") {
		t.Errorf("stdout %q", got)
	}
}

func TestStopKillsATaskThatIgnoresItAndAllOfItsTree(t *testing.T) {
	document := shell(`trap '' INT; setsid sleep 1000 & echo $!; echo ready; wait`)
	document.KillTimeoutMs = 100
	document.Capabilities = []string{} // without CAP_KILL, signals need the owner's identity
	r := runDocument(t, document)
	r.untilStdout("ready")
	r.signal(syscall.SIGTERM)
	if code := r.exitCode(); code != 137 {
		t.Errorf("exit code %d, want 137", code)
	}
	if message := r.message(); message.Reason != reasonStopped || message.Signal != "SIGKILL" {
		t.Errorf("message %+v", message)
	}
	child, err := strconv.Atoi(strings.Fields(r.stdout())[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(child, 0); err != syscall.ESRCH {
		t.Errorf("the task's child %d is still there: %v", child, err)
	}
}

func TestOtherSignalsAreForwarded(t *testing.T) {
	r := runDocument(t, shell(`trap 'echo got HUP' HUP; trap 'echo got USR2; exit 3' USR2; echo ready; while :; do sleep 0.05; done`))
	r.untilStdout("ready")
	r.signal(syscall.SIGHUP)
	r.untilStdout("got HUP")
	r.signal(syscall.SIGUSR2)
	if code := r.exitCode(); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
}

func TestNoSignalEndsTheFirstProcess(t *testing.T) {
	r := runDocument(t, shell(`trap 'echo got HUP; exit 4' HUP; echo ready; while :; do sleep 0.05; done`))
	r.untilStdout("ready")
	for _, number := range []syscall.Signal{
		syscall.SIGABRT, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGSEGV, syscall.SIGSTKFLT, syscall.SIGSYS, syscall.SIGTRAP,
		syscall.SIGPROF, syscall.SIGURG, syscall.SIGPIPE,
	} {
		r.signal(number)
		time.Sleep(5 * time.Millisecond)
	}
	r.signal(syscall.SIGHUP)
	if code := r.exitCode(); code != 4 {
		t.Errorf("exit code %d, want the task's 4: %s", code, r.complaint())
	}
}

func TestZombiesAreReaped(t *testing.T) {
	r := runDocument(t, shell(`(sleep 0.05 & echo orphan $! >&1); sleep 1000`))
	r.untilStdout("orphan")
	orphan, err := strconv.Atoi(strings.Fields(r.stdout())[1])
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the orphan is gone from the process table", func() bool { return syscall.Kill(orphan, 0) == syscall.ESRCH })
}

func TestRestartsAcrossRuns(t *testing.T) {
	document := shell("echo run; exit 9")
	directory := testPlaces(t, document)
	for attempt := 1; attempt <= 2; attempt++ {
		r := startRun(t, directory)
		if code := r.exitCode(); code != 9 {
			t.Fatalf("run %d: exit code %d, want the task's 9: %s", attempt, code, r.complaint())
		}
		if m := r.message(); m.Reason != reasonExited || m.ExitCode != 9 || m.Attempt != attempt || m.RestartInMs == nil {
			t.Errorf("run %d: message %+v", attempt, m)
		}
	}
	last := startRun(t, directory)
	if code := last.exitCode(); code != exitNoRestart || last.message().Reason != reasonSpent {
		t.Errorf("last run: exit code %d, message %+v", code, last.message())
	}
	after := startRun(t, directory)
	eventually(t, "the control socket answers", func() bool { _, err := after.control("status"); return err == nil })
	if status := after.status(); status.State != "dead" || after.stdout() != "" {
		t.Errorf("after that: status %+v, stdout %q", status, after.stdout())
	}
	if _, err := after.control("restart"); err == nil {
		t.Error("a task that has ended for good can be restarted")
	}
	after.signal(syscall.SIGTERM)
	if code := after.exitCode(); code != exitNoRestart || after.message().Reason != reasonSpent {
		t.Errorf("exit code %d, message %+v", code, after.message())
	}
}

func TestTaskThatEndsWithTheReservedCodeIsRestarted(t *testing.T) {
	r := runDocument(t, shell("exit 213"))
	if code := r.exitCode(); code != 1 || r.message().ExitCode != exitNoRestart || r.message().Reason != reasonExited {
		t.Errorf("exit code %d, message %+v", code, r.message())
	}
}

func TestALauncherThatWasKilledCountsAsAFailedAttempt(t *testing.T) {
	document := shell("echo run; exec sleep 1000")
	document.Restart.Attempts = 0
	directory := testPlaces(t, document)
	first := startRun(t, directory)
	first.untilStdout("run")
	first.signal(syscall.SIGKILL)
	<-first.ended
	second := startRun(t, directory)
	eventually(t, "the control socket answers", func() bool { _, err := second.control("status"); return err == nil })
	if status := second.status(); status.State != "dead" || second.stdout() != "" {
		t.Errorf("status %+v, stdout %q", status, second.stdout())
	}
}
