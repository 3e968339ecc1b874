package nomadapi

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// Each script keeps two processes alive that both have the marker among their arguments. It is the shell's $0, which forks inherit.
const (
	quietScript  = "(while :; do sleep 1; done) & echo ready; wait"
	floodScript  = "(while :; do sleep 1; done) & echo ready; while :; do echo flood; done"
	readerScript = "(while :; do sleep 1; done) & echo ready; cat; wait"
)

// TestExecClientGone asserts the default policy: processes of a session whose client went away do not stay behind.
func TestExecClientGone(t *testing.T) {
	to := theTarget(t)
	for _, each := range []struct {
		name, script string
		tty          bool
	}{
		{"a quiet session", quietScript, false},
		{"a session that floods its output", floodScript, false},
		{"a session that reads its stdin", readerScript, false},
		{"a quiet session with a terminal", quietScript, true},
		{"a session with a terminal that floods its output", floodScript, true},
		{"a session with a terminal that reads its stdin", readerScript, true},
	} {
		t.Run(each.name+" leaves no process behind", func(t *testing.T) {
			marker := uniqueName("nb-marker")
			leaveMidSession(t, to, session{command: shell(each.script, marker), tty: each.tty}, marker)
			wantNoProcess(t, to, marker)
		})
	}
	for name, leave := range map[string]func(socket){
		"says that it goes": func(s socket) {
			s.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
		},
		"goes without a word":   func(s socket) { s.NetConn().Close() },
		"closes stdin and goes": func(s socket) { s.say(stdinClose); s.Close() },
	} {
		t.Run("a client that "+name+" leaves no process behind", func(t *testing.T) {
			marker := uniqueName("nb-marker")
			s := dialSession(t, to, false, shell(quietScript, marker)...)
			s.waitForOutput(t, "ready")
			leave(s)
			wantNoProcess(t, to, marker)
		})
	}
	wantServing(t, to)
}

func wantNoProcess(t *testing.T, to target, marker string) {
	t.Helper()
	eventually(t, func() bool { return processesWith(t, to, marker) == "" }, func() string {
		return "these processes of the session stayed behind: " + processesWith(t, to, marker)
	})
}

// TestExecNormalExit asserts the opposite for a session that ended by itself: what it left in the background is left alone.
func TestExecNormalExit(t *testing.T) {
	to := theTarget(t)
	t.Run("a process in the background outlives a session that ended by itself", func(t *testing.T) {
		marker := uniqueName("nb-marker")
		script := "(while :; do sleep 1; done) >/dev/null 2>&1 </dev/null & echo started"
		wantEnding(t, to.exec(t, session{command: shell(script, marker)}), ending{stdout: "started\n"})
		t.Cleanup(func() { killWith(t, to, marker) })
		if processesWith(t, to, marker) == "" {
			t.Fatal("the process in the background is gone")
		}
	})
}

// leaveMidSession goes once the session's processes were seen from outside it.
func leaveMidSession(t *testing.T, to target, s session, marker string) {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	var stdout transcript
	s.stdout = &stdout
	s.stdin, _ = openStdin(t)
	ended := make(chan ending, 1)
	go func() { ended <- to.execUntil(ctx, s) }()
	stdout.waitFor(t, "ready")
	if processesWith(t, to, marker) == "" {
		t.Fatal("the session's processes cannot be seen, so that nothing could be said about them later")
	}
	leave()
	if got := <-ended; !errors.Is(got.err, context.Canceled) {
		t.Fatalf("got %+v, want the session to end by its client's leaving", got)
	}
}

// processesWith lists /proc/<pid>/cmdline of all processes with the marker. The marker comes on stdin, so that grep has it not itself.
func processesWith(t *testing.T, to target, marker string) string {
	t.Helper()
	got := to.exec(t, session{command: shell("grep -laFs -f - /proc/[0-9]*/cmdline || :"), stdin: strings.NewReader(marker + "\n")})
	if got.err != nil || got.code != 0 {
		t.Fatalf("looking for the session's processes: %+v", got)
	}
	return got.stdout
}

func killWith(t *testing.T, to target, marker string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	const script = `for f in $(grep -laFs -f - /proc/[0-9]*/cmdline); do f=${f#/proc/}; kill -KILL ${f%/cmdline}; done`
	got := to.execUntil(ctx, session{command: shell(script), stdin: strings.NewReader(marker + "\n")})
	if got.err != nil || got.code != 0 {
		t.Errorf("cleaning up: %+v", got)
	}
}
