package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nomad-bridge/nomad-bridge/launcher/restarts"
)

const (
	placesVariable = "LAUNCHER_TEST_PLACES"
	patience       = 20 * time.Second
	testPodUID     = "0a1b2c3d-1111-4222-8333-444455556666"
	testSession    = "6b1f3c9e-8d52-4c3a-9b57-2f0d8a4e7c10"
)

// TestMain lets the test binary be the launcher, with its files in a directory of the test's own.
func TestMain(m *testing.M) {
	directory := os.Getenv(placesVariable)
	if directory == "" {
		os.Exit(m.Run())
	}
	os.Unsetenv(placesVariable)
	os.Exit(dispatch(os.Args[1:], layoutUnderTest(directory)))
}

func placesIn(directory string) layout {
	return layout{
		root:           "/",
		alloc:          filepath.Join(directory, "alloc"),
		document:       filepath.Join(directory, "task.json"),
		stateDirectory: filepath.Join(directory, "state"),
		terminationLog: filepath.Join(directory, "termination-log"),
		nodesDirectory: filepath.Join(directory, "nodes"),
	}
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("switching users and capabilities needs root")
	}
}

func validDocument() taskDocument {
	return taskDocument{
		Version: 1, Task: "web", Driver: driverExec, Command: "/bin/sleep", Args: []string{"1000"}, WorkDir: "/",
		Env:     map[string]string{"PATH": "/usr/local/bin:/usr/bin:/bin", "GREETING": "hello"},
		TaskEnv: map[string]string{},
		User:    "nobody", Users: map[string]userEntry{},
		Capabilities: []string{"CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"},
		Mounts:       []string{}, Artifacts: []documentArtifact{}, Templates: []documentTemplate{},
		Fetch:      fetchLimits{AllowNetworks: []string{}, DenyNetworks: []string{}},
		Logs:       logsPolicy{MaxFiles: 10, MaxFileBytes: 10 << 20},
		KillSignal: "SIGINT", KillTimeoutMs: 5000,
		Restart:   documentRestart{Attempts: 2, IntervalMs: 60_000, DelayMs: 10, Mode: restarts.ModeFail},
		Lifecycle: taskLifecycle{Mains: []string{}},
	}
}

// testPlaces is a directory that stands for /nomad-bridge, holding the document.
func testPlaces(t *testing.T, document taskDocument) string {
	t.Helper()
	directory := t.TempDir()
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"task.json": text, "termination-log": nil} {
		if err := os.WriteFile(filepath.Join(directory, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(directory, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	return directory
}

func launcher(t *testing.T, directory string, arguments ...string) *exec.Cmd {
	t.Helper()
	command := exec.Command("/proc/self/exe", arguments...)
	command.Env = []string{placesVariable + "=" + directory, podUIDEnv + "=" + testPodUID, "LEAKED=yes"}
	return command
}

// client is the bridge's side of one exec session.
type client struct {
	t       *testing.T
	command *exec.Cmd
	input   io.WriteCloser
	reader  *frameReader
	mutex   sync.Mutex
	// withheld keeps the client from granting credit for output.
	withheld bool
	stdout   strings.Builder
	stderr   strings.Builder
	granted  int
	pongs    int
}

func openSession(t *testing.T, document taskDocument) *client {
	t.Helper()
	return openSessionIn(t, testPlaces(t, document))
}

func openSessionIn(t *testing.T, directory string) *client {
	t.Helper()
	needRoot(t)
	return openSessionWith(t, launcher(t, directory, "exec", "--session", testSession))
}

func openSessionWith(t *testing.T, command *exec.Cmd) *client {
	t.Helper()
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, command: command, input: input, reader: newFrameReader(output)}
	t.Cleanup(func() {
		killDescendants(command.Process.Pid, func() {})
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	hello := c.next()
	if hello.kind != frameHello {
		t.Fatalf("the first frame is 0x%02x, not hello", byte(hello.kind))
	}
	return c
}

// start opens a session and starts a shell script in it.
func startScript(t *testing.T, script string, tty bool) *client {
	t.Helper()
	c := openSession(t, validDocument())
	c.start(startMessage{Argv: []string{"/bin/sh", "-c", script}, TTY: tty, Rows: 24, Cols: 80, Policy: policyHangup})
	return c
}

func (c *client) start(message startMessage) { c.send(encodeJSON(frameStart, message)) }

func (c *client) send(encoded []byte) {
	c.t.Helper()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, err := c.input.Write(encoded); err != nil && !errors.Is(err, syscall.EPIPE) {
		c.t.Errorf("the launcher does not read: %v", err)
	}
}

func (c *client) sendStdin(text string) { c.send(encodeFrame(frameStdin, []byte(text))) }

func (c *client) next() frame {
	c.t.Helper()
	alarm := time.AfterFunc(patience, func() { _ = c.command.Process.Kill() })
	defer alarm.Stop()
	received, err := c.reader.next()
	if err != nil {
		c.t.Fatalf("no frame comes: %v (stdout so far %q)", err, c.stdout.String())
	}
	c.note(received)
	return received
}

func (c *client) note(received frame) {
	switch received.kind {
	case frameStdout:
		c.stdout.Write(received.payload)
		c.grant(streamStdout, len(received.payload))
	case frameStderr:
		c.stderr.Write(received.payload)
		c.grant(streamStderr, len(received.payload))
	case frameCredit:
		c.granted += int(received.creditOf().bytes)
	case framePong:
		c.pongs++
	}
}

func (c *client) grant(stream byte, bytes int) {
	if !c.withheld && bytes > 0 {
		c.send(encodeCredit(creditGrant{stream: stream, bytes: uint32(bytes)}))
	}
}

// until reads frames until one of the kind comes.
func (c *client) until(kind frameType) frame {
	c.t.Helper()
	for {
		if received := c.next(); received.kind == kind {
			return received
		} else if received.kind == frameExit || received.kind == frameError {
			c.t.Fatalf("frame 0x%02x came first: %s (stderr %q)", byte(received.kind), received.payload, c.stderr.String())
		}
	}
}

// untilOutput reads frames until stdout holds the text.
func (c *client) untilOutput(text string) {
	c.t.Helper()
	for !strings.Contains(c.stdout.String(), text) {
		c.until(frameStdout)
	}
}

func (c *client) exit() exitMessage {
	c.t.Helper()
	var message exitMessage
	if err := json.Unmarshal(c.until(frameExit).payload, &message); err != nil {
		c.t.Fatal(err)
	}
	return message
}

func (c *client) failure() errorMessage {
	c.t.Helper()
	var message errorMessage
	if err := json.Unmarshal(c.untilError().payload, &message); err != nil {
		c.t.Fatal(err)
	}
	return message
}

// untilError reads frames until an error comes.
func (c *client) untilError() frame {
	c.t.Helper()
	for {
		if received := c.next(); received.kind == frameError {
			return received
		}
	}
}

// eventually polls for a state of the world.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("it never came to this: %s", what)
}

// endStray checks that a process is still there, and ends it.
func (c *client) endStray(pid string) {
	c.t.Helper()
	number, err := strconv.Atoi(pid)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := syscall.Kill(number, syscall.SIGKILL); err != nil {
		c.t.Errorf("process %d was not left alone: %v", number, err)
	}
}
