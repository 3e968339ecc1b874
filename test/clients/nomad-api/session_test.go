package nomadapi

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"
)

// patience bounds what would otherwise hang for ever. No test asserts how long something took.
const patience = 60 * time.Second

// session is one `alloc exec`. Without stdin the process reads end-of-file at once.
type session struct {
	command []string
	tty     bool
	stdin   io.Reader
	sizes   <-chan api.TerminalSize
	stdout  io.Writer
	stderr  io.Writer
}

// ending is how a session ended, and what it printed where the test did not take the output itself.
type ending struct {
	stdout, stderr string
	code           int
	err            error
}

func shell(script string, args ...string) []string {
	return append([]string{"/bin/sh", "-c", script}, args...)
}

func (to target) exec(t *testing.T, s session) ending {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return to.execUntil(ctx, s)
}

func (to target) execUntil(ctx context.Context, s session) ending {
	var stdout, stderr transcript
	if s.stdin == nil {
		s.stdin = strings.NewReader("")
	}
	if s.stdout == nil {
		s.stdout = &stdout
	}
	if s.stderr == nil {
		s.stderr = &stderr
	}
	code, err := to.client.Allocations().Exec(ctx, to.alloc, to.task, s.tty, s.command, s.stdin, s.stdout, s.stderr, s.sizes, nil)
	return ending{stdout: stdout.String(), stderr: stderr.String(), code: code, err: err}
}

// as is the same task, seen by a client with another token.
func (to target) as(client *api.Client) target {
	to.client = client
	return to
}

func wantEnding(t *testing.T, got ending, want ending) {
	t.Helper()
	if got.err != nil {
		t.Fatalf("the session ended with an error: %v\nstdout %q\nstderr %q", got.err, got.stdout, got.stderr)
	}
	if got != want {
		t.Fatalf("got  code %d, stdout %q, stderr %q\nwant code %d, stdout %q, stderr %q",
			got.code, got.stdout, got.stderr, want.code, want.stdout, want.stderr)
	}
}

func wantError(t *testing.T, got ending, text string) {
	t.Helper()
	if got.err == nil {
		t.Fatalf("got exit code %d, stdout %q, stderr %q; want the error %q", got.code, got.stdout, got.stderr, text)
	}
	if got.err.Error() != text {
		t.Fatalf("got error %q, want %q", got.err, text)
	}
}

// wantServing proves that a task still takes sessions after whatever was done to it.
func wantServing(t *testing.T, to target) {
	t.Helper()
	got := to.exec(t, session{command: shell("echo out; echo err >&2; exit 3")})
	wantEnding(t, got, ending{stdout: "out\n", stderr: "err\n", code: 3})
}

// transcript is output that can be read while a session still writes it.
type transcript struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (o *transcript) Write(data []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.buffer.Write(data)
}

func (o *transcript) String() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.buffer.String()
}

// waitFor returns when the output holds the text.
func (o *transcript) waitFor(t *testing.T, text string) {
	t.Helper()
	eventually(t, func() bool { return strings.Contains(o.String(), text) }, func() string {
		return "the output " + o.String() + " never held " + text
	})
}

// eventually polls until the condition holds, and fails with what explain says when patience ends.
func eventually(t *testing.T, holds func() bool, explain func() string) {
	t.Helper()
	for end := time.Now().Add(patience / 3); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatal(explain())
}

// openStdin is a terminal that nobody types on: it neither gives bytes nor ends before the test does.
func openStdin(t *testing.T) (io.Reader, io.Writer) {
	t.Helper()
	reader, writer := io.Pipe()
	t.Cleanup(func() { writer.Close() })
	return reader, writer
}
