package nomadapi

import (
	"io"
	"strings"
	"testing"

	"github.com/hashicorp/nomad/api"
)

// TestExecStreaming asks of the bridge what every task driver of Nomad is asked to do with a session.
func TestExecStreaming(t *testing.T) {
	to := theTarget(t)
	t.Run("without a terminal", func(t *testing.T) {
		t.Run("stdout, stderr and the exit code arrive apart", func(t *testing.T) {
			got := to.exec(t, session{command: shell("echo to stdout; echo to stderr >&2; exit 43")})
			wantEnding(t, got, ending{stdout: "to stdout\n", stderr: "to stderr\n", code: 43})
		})
		t.Run("output written over time arrives while the process runs, in order", func(t *testing.T) { streamsInOrder(t, to, false) })
		t.Run("stdin is no terminal", func(t *testing.T) {
			got := to.exec(t, session{command: shell("stty size; echo code $?")})
			if got.err != nil || got.code != 0 || got.stdout != "code 1\n" || !strings.Contains(got.stderr, "Inappropriate ioctl for device") {
				t.Fatalf("got %+v, want stty to refuse a stdin that is no terminal", got)
			}
		})
		t.Run("stdin is passed on, and its end ends the reader", func(t *testing.T) {
			got := to.exec(t, session{command: []string{"cat"}, stdin: strings.NewReader("one\ntwo\n\x00\xff no newline")})
			wantEnding(t, got, ending{stdout: "one\ntwo\n\x00\xff no newline"})
		})
		t.Run("a child that holds the output open is not waited for", func(t *testing.T) {
			got := to.exec(t, session{command: shell("sleep 45 & echo done; exit 4")})
			wantEnding(t, got, ending{stdout: "done\n", code: 4})
		})
	})
	t.Run("with a terminal", func(t *testing.T) {
		t.Run("stderr is folded into stdout, and lines end with CRLF", func(t *testing.T) {
			stdin, _ := openStdin(t)
			got := to.exec(t, session{command: shell("echo to stdout; echo to stderr >&2; exit 43"), tty: true, stdin: stdin})
			wantEnding(t, got, ending{stdout: "to stdout\r\nto stderr\r\n", code: 43})
		})
		t.Run("output written over time arrives while the process runs, in order", func(t *testing.T) { streamsInOrder(t, to, true) })
		t.Run("the size is that of the last of two resizes", func(t *testing.T) { resizes(t, to) })
		t.Run("what is typed is echoed, then printed by the reader", func(t *testing.T) {
			stdin, keyboard := openStdin(t)
			go io.WriteString(keyboard, "typed\n")
			got := to.exec(t, session{command: []string{"head", "-n1"}, tty: true, stdin: stdin})
			wantEnding(t, got, ending{stdout: "typed\r\ntyped\r\n"})
		})
		t.Run("a child that holds the terminal open is not waited for", func(t *testing.T) {
			stdin, _ := openStdin(t)
			got := to.exec(t, session{command: shell("(trap '' HUP; sleep 45) & echo done; exit 4"), tty: true, stdin: stdin})
			wantEnding(t, got, ending{stdout: "done\r\n", code: 4})
		})
	})
}

// streamsInOrder lets the process go on only when its last line was seen here: output that waited for the end would hang.
func streamsInOrder(t *testing.T, to target, tty bool) {
	stdin, keyboard := openStdin(t)
	var stdout transcript
	script := "stty -echo 2>/dev/null; for i in 1 2 3; do echo line $i; read go; done; exit 5"
	ended := to.start(t, session{command: shell(script), tty: tty, stdin: stdin, stdout: &stdout})
	for _, line := range []string{"line 1", "line 2", "line 3"} {
		stdout.waitFor(t, line)
		io.WriteString(keyboard, "go\n")
	}
	got := <-ended
	newline := "\n"
	if tty {
		newline = "\r\n"
	}
	got.stdout = stdout.String()
	wantEnding(t, got, ending{stdout: "line 1" + newline + "line 2" + newline + "line 3" + newline, code: 5})
}

func resizes(t *testing.T, to target) {
	sizes := make(chan api.TerminalSize, 2)
	sizes <- api.TerminalSize{Height: 24, Width: 80}
	sizes <- api.TerminalSize{Height: 100, Width: 100}
	stdin, _ := openStdin(t)
	// The size travels beside the start of the process, so that it may come a moment after it.
	script := `until [ "$(stty size)" = "100 100" ]; do sleep 0.1; done; stty size`
	got := to.exec(t, session{command: shell(script), tty: true, stdin: stdin, sizes: sizes})
	wantEnding(t, got, ending{stdout: "100 100\r\n"})
}
