package nomadapi

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/hashicorp/nomad/api"
)

// TestExecTerminal does what a person does at a terminal.
func TestExecTerminal(t *testing.T) {
	to := theTarget(t)
	t.Run("Ctrl-C interrupts the process", func(t *testing.T) {
		got, screen := typing(t, to, shell("stty -echo; echo ready; exec sleep 45"), "\x03")
		wantEnding(t, got, ending{code: 130})
		wantScreen(t, screen, "ready\r\n")
	})
	t.Run("Ctrl-D on an empty line is the end of stdin", func(t *testing.T) {
		got, screen := typing(t, to, shell("stty -echo; echo ready; cat; echo over; exit 4"), "a line\n\x04")
		wantEnding(t, got, ending{code: 4})
		wantScreen(t, screen, "ready\r\na line\r\nover\r\n")
	})
	t.Run("the end of what is typed is the end of stdin", func(t *testing.T) {
		got := to.exec(t, session{command: shell("stty -echo; cat; echo over; exit 5"), tty: true, stdin: strings.NewReader("")})
		wantEnding(t, got, ending{stdout: "over\r\n", code: 5})
	})
	t.Run("an interactive shell takes commands and leaves with its code", func(t *testing.T) {
		got, screen := typing(t, to, shell("stty -echo; echo ready; PS1= exec sh -i"), "echo $((6 * 7))\nexit 9\n")
		wantEnding(t, got, ending{code: 9})
		wantScreen(t, screen, "ready\r\n42\r\n")
	})
	t.Run("the process is told of a new size", func(t *testing.T) {
		sizes := make(chan api.TerminalSize, 1)
		stdin, _ := openStdin(t)
		var screen transcript
		s := session{command: shell("trap 'stty size; exit 6' WINCH; echo ready; while :; do sleep 0.1; done"), tty: true, stdin: stdin, stdout: &screen, sizes: sizes}
		ended := to.start(t, s)
		screen.waitFor(t, "ready")
		sizes <- api.TerminalSize{Height: 30, Width: 40}
		wantEnding(t, <-ended, ending{code: 6})
		wantScreen(t, &screen, "ready\r\n30 40\r\n")
	})
}

// typing waits until the process has said that it is ready, then types.
func typing(t *testing.T, to target, command []string, keys string) (ending, *transcript) {
	t.Helper()
	stdin, keyboard := openStdin(t)
	var screen transcript
	ended := to.start(t, session{command: command, tty: true, stdin: stdin, stdout: &screen})
	screen.waitFor(t, "ready")
	io.WriteString(keyboard, keys)
	return <-ended, &screen
}

// start runs a session beside the test.
func (to target) start(t *testing.T, s session) <-chan ending {
	ended := make(chan ending, 1)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	go func() {
		defer cancel()
		ended <- to.execUntil(ctx, s)
	}()
	return ended
}

func wantScreen(t *testing.T, screen *transcript, want string) {
	t.Helper()
	if got := screen.String(); got != want {
		t.Fatalf("got %q on the screen, want %q", got, want)
	}
}
