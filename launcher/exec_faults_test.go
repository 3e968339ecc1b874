package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func runsStill(pid int) bool {
	found, err := readProcess(pid)
	return err == nil && !found.zombie
}

// announced is the pid that a script has written behind the word.
func (c *client) announced(word string) int {
	c.t.Helper()
	c.untilOutput("\n")
	for !strings.Contains(c.stdout.String(), word+" ") {
		c.until(frameStdout)
	}
	_, rest, _ := strings.Cut(c.stdout.String(), word+" ")
	pid, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		c.t.Fatal(err)
	}
	return pid
}

func TestStartsThatFailSayWhy(t *testing.T) {
	cases := []struct {
		name    string
		message startMessage
		change  func(*taskDocument)
		why     string
	}{
		{name: "missing", message: startMessage{Argv: []string{"no-such-program"}}, why: `"no-such-program": executable file not found in $PATH`},
		{name: "missing by path", message: startMessage{Argv: []string{"/no/such"}}, why: `"/no/such": no such file or directory`},
		{name: "missing with a terminal", message: startMessage{Argv: []string{"/no/such"}, TTY: true}, why: `"/no/such": no such file or directory`},
		{name: "directory", message: startMessage{Argv: []string{"/usr"}}, why: `"/usr": is a directory`},
		{name: "text", message: startMessage{Argv: []string{"/etc/passwd"}}, why: `"/etc/passwd": permission denied`},
		{name: "unknown user", message: startMessage{Argv: []string{"true"}}, change: func(d *taskDocument) { d.User = "zorro" }, why: `failed host user validation: failed to identify user "zorro": user: unknown user zorro`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			document := validDocument()
			if c.change != nil {
				c.change(&document)
			}
			session := openSession(t, document)
			c.message.Policy = policyHangup
			session.start(c.message)
			want := errorMessage{Code: "start-failed", Message: "failed to start command: " + c.why}
			if got := session.failure(); got != want {
				t.Errorf("error %+v, want %+v", got, want)
			}
		})
	}
}

func TestPeersThatBreakTheProtocolAreToldSo(t *testing.T) {
	valid := startMessage{Argv: []string{"/bin/sleep", "1000"}, Policy: policyHangup}
	cases := []struct {
		name   string
		before []byte
		sent   []byte
		why    string
	}{
		{name: "stdin before start", sent: encodeFrame(frameStdin, []byte("x")), why: "frame 0x02 came before start"},
		{name: "start without a command", sent: encodeJSON(frameStart, startMessage{Policy: policyHangup}), why: "argv has 0 entries"},
		{name: "two starts", before: encodeJSON(frameStart, valid), sent: encodeJSON(frameStart, valid), why: "frame 0x01 is not for the launcher"},
		{name: "a frame of the other direction", before: encodeJSON(frameStart, valid), sent: encodeFrame(frameStdout, nil), why: "frame 0x82 is not for the launcher"},
		{name: "no frame at all", before: encodeJSON(frameStart, valid), sent: []byte("GET / HTTP/1.1\r\n"), why: "frame length"},
		{name: "credit for stdin", before: encodeJSON(frameStart, valid), sent: encodeCredit(creditGrant{stream: streamStdin, bytes: 1}), why: "credit for stdin"},
		{name: "more credit than a window", before: encodeJSON(frameStart, valid), sent: encodeCredit(creditGrant{stream: streamStdout, bytes: 1}), why: "more credit"},
		{name: "stdin after its end", before: append(encodeJSON(frameStart, valid), encodeFrame(frameStdinClose, nil)...), sent: encodeFrame(frameStdin, []byte("x")), why: "after stdin-close"},
		{name: "more stdin than the window", before: append(encodeJSON(frameStart, valid), encodeFrame(frameStdin, make([]byte, maxPayloadBytes))...), sent: encodeFrame(frameStdin, make([]byte, stdinWindowBytes)), why: "window"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			session := openSession(t, validDocument())
			if c.before != nil {
				session.send(c.before)
			}
			session.send(c.sent)
			if got := session.failure(); got.Code != "protocol" || !strings.Contains(got.Message, c.why) {
				t.Errorf("error %+v, want %q", got, c.why)
			}
		})
	}
}

func TestOutputWaitsForCreditAndPingDoesNot(t *testing.T) {
	c := openSession(t, validDocument())
	c.withheld = true
	c.start(startMessage{Argv: []string{"head", "-c", "3000000", "/dev/zero"}, Policy: policyHangup})
	for c.stdout.Len() < outputWindowBytes {
		c.until(frameStdout)
	}
	c.send(encodeFrame(framePing, nil))
	if received := c.next(); received.kind != framePong {
		t.Fatalf("frame 0x%02x comes without credit", byte(received.kind))
	}
	c.withheld = false
	c.grant(streamStdout, outputWindowBytes)
	if message := c.exit(); message.StdoutBytes != 3_000_000 || c.stdout.Len() != 3_000_000 {
		t.Errorf("exit %+v after %d bytes", message, c.stdout.Len())
	}
}

func TestExitFollowsWhatTheLeaderLeftInItsStreams(t *testing.T) {
	for name, tty := range map[string]bool{"pipe": false, "terminal": true} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				c := startScript(t, "head -c 50000 /dev/zero | tr '\\0' x; printf END", tty)
				message := c.exit()
				if c.stdout.Len() != 50003 || message.StdoutBytes != 50003 || !strings.HasSuffix(c.stdout.String(), "xEND") {
					t.Fatalf("exit %+v after %d bytes", message, c.stdout.Len())
				}
			}
		})
	}
}

func TestExitComesThoughAChildWritesOn(t *testing.T) {
	c := startScript(t, "(trap '' PIPE; yes >&2) & echo child $!; sleep 0.1", false)
	child := c.announced("child")
	if message := c.exit(); message.Code != 0 {
		t.Errorf("exit %+v", message)
	}
	c.endStray(strconv.Itoa(child))
}

func TestStdinThatNobodyReadsHoldsUpNothing(t *testing.T) {
	c := startScript(t, "exec sleep 1000", false)
	c.send(encodeFrame(frameStdin, make([]byte, stdinWindowBytes)))
	c.send(encodeFrame(framePing, nil))
	c.until(framePong)
	c.send(encodeFrame(frameSignal, []byte("SIGTERM")))
	if message := c.exit(); message.Code != 143 || message.Signal != "SIGTERM" {
		t.Errorf("exit %+v", message)
	}
}

func TestStdinIsGrantedAgainThoughTheProcessHasClosedIt(t *testing.T) {
	c := startScript(t, "exec <&-; echo closed; sleep 1000", false)
	c.untilOutput("closed")
	c.send(encodeFrame(frameStdin, make([]byte, stdinWindowBytes)))
	for c.granted < stdinWindowBytes {
		c.until(frameCredit)
	}
	c.send(encodeFrame(frameStdin, make([]byte, stdinWindowBytes)))
	for c.granted < 2*stdinWindowBytes {
		c.until(frameCredit)
	}
}

func TestExitIsSentThoughMuchStdinIsLeft(t *testing.T) {
	c := startScript(t, "head -c 5 >/dev/null; exit 4", false)
	c.send(encodeFrame(frameStdin, make([]byte, stdinWindowBytes)))
	if message := c.exit(); message.Code != 4 {
		t.Errorf("exit %+v", message)
	}
}

func TestSessionRunsAsTheTask(t *testing.T) {
	document := validDocument()
	document.WorkDir = "/usr"
	c := openSession(t, document)
	script := "id -u; id -g; pwd; grep -c 0000000000000421 /proc/self/status; echo $GREETING $TERM$LEAKED; tty"
	c.start(startMessage{Argv: []string{"sh", "-c", script}, TTY: true, Policy: policyHangup})
	message := c.exit()
	lines := strings.Split(c.stdout.String(), "\r\n")
	want := []string{"65534", "0", "/usr", "5", "hello xterm"}
	if message.Code != 0 || len(lines) < 6 || strings.Join(lines[:5], "|") != strings.Join(want, "|") || !strings.HasPrefix(lines[5], "/dev/pts/") {
		t.Errorf("exit %+v, the session sees %q", message, lines)
	}
}

func TestClientThatGoes(t *testing.T) {
	// The leader, a child, and a child in a session of its own; each says what it hears.
	const script = `trap 'exit 0' HUP; setsid sh -c 'echo apart $$; exec sleep 1000' & sh -c 'trap "" HUP TERM; echo deaf $$; while :; do sleep 0.05; done' & echo leader $$; wait; wait; wait`
	cases := []struct {
		name, policy string
		tty          bool
		leave        func(*client)
		apartLives   bool
		deafLives    bool
		leaderLives  bool
	}{
		{name: "hangup by end of input", policy: policyHangup, leave: func(c *client) { _ = c.input.Close() }, deafLives: true},
		{name: "hangup by frame", policy: policyHangup, leave: func(c *client) { c.send(encodeFrame(frameHangup, nil)) }, deafLives: true},
		{name: "hangup with a terminal", policy: policyHangup, tty: true, leave: func(c *client) { _ = c.input.Close() }, deafLives: true},
		{name: "hangup by a signal to the launcher", policy: policyHangup, leave: func(c *client) { _ = c.command.Process.Signal(syscall.SIGTERM) }, deafLives: true},
		{name: "kill", policy: policyKill, leave: func(c *client) { _ = c.input.Close() }},
		{name: "right taken away under hangup", policy: policyHangup, leave: func(c *client) { c.send(encodeFrame(frameRevoke, nil)) }},
		{name: "right taken away under keep", policy: policyKeep, leave: func(c *client) { c.send(encodeFrame(frameRevoke, nil)) }},
		{name: "keep", policy: policyKeep, leave: func(c *client) { _ = c.input.Close() }, apartLives: true, deafLives: true, leaderLives: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			session := openSession(t, validDocument())
			session.start(startMessage{Argv: []string{"/bin/sh", "-c", script}, TTY: c.tty, Policy: c.policy})
			pids := map[string]int{}
			for _, word := range []string{"apart", "deaf", "leader"} {
				pids[word] = session.announced(word)
			}
			t.Cleanup(func() {
				for _, pid := range pids {
					_ = syscall.Kill(pid, syscall.SIGKILL)
				}
			})
			c.leave(session)
			if c.policy != policyKeep {
				_ = session.command.Wait()
			} else {
				eventually(t, "the launcher has taken note", func() bool { return !holdsStdin(pids["leader"], session) })
			}
			for word, lives := range map[string]bool{"apart": c.apartLives, "deaf": c.deafLives, "leader": c.leaderLives} {
				if lives && !runsStill(pids[word]) {
					t.Errorf("%s has ended", word)
				}
				if !lives {
					eventually(t, word+" has ended", func() bool { return !runsStill(pids[word]) })
				}
			}
		})
	}
}

// holdsStdin says whether the launcher still has the other end of the leader's stdin open.
func holdsStdin(leader int, session *client) bool {
	pipe, err := os.Readlink("/proc/" + strconv.Itoa(leader) + "/fd/0")
	if err != nil {
		return false
	}
	directory := "/proc/" + strconv.Itoa(session.command.Process.Pid) + "/fd"
	names, err := os.ReadDir(directory)
	if err != nil {
		return false
	}
	for _, name := range names {
		if target, err := os.Readlink(filepath.Join(directory, name.Name())); err == nil && target == pipe {
			return true
		}
	}
	return false
}

func TestFirstProcessEndsASessionWhoseLauncherWasKilled(t *testing.T) {
	run := runDocument(t, shell("echo ready; sleep 1000"))
	run.untilStdout("ready")
	session := openSessionIn(t, run.directory)
	session.start(startMessage{Argv: []string{"/bin/sh", "-c", "sleep 1000 & echo child $!; echo leader $$; wait"}, Policy: policyHangup})
	child, leader := session.announced("child"), session.announced("leader")
	if err := session.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the session's processes have ended", func() bool { return !runsStill(child) && !runsStill(leader) })
	if status := run.status(); status.State != "running" {
		t.Errorf("the task has ended too: %+v", status)
	}
}

func TestWordsThatAreNoCommand(t *testing.T) {
	cases := map[string][]string{
		"nothing":         {},
		"unknown":         {"fly"},
		"no session":      {"exec"},
		"no UUID":         {"exec", "--session", "../../etc"},
		"more words":      {"exec", "--session", testSession, "sh"},
		"run with words":  {"run", "now"},
		"unknown control": {"control", "stop"},
		"signal nothing":  {"control", "signal"},
	}
	for name, arguments := range cases {
		t.Run(name, func(t *testing.T) {
			output, err := launcher(t, t.TempDir(), arguments...).CombinedOutput()
			failure, ok := err.(*exec.ExitError)
			if !ok || failure.ExitCode() != exitUsage || !strings.Contains(string(output), "launcher") {
				t.Errorf("%v, output %q", err, output)
			}
		})
	}
}
