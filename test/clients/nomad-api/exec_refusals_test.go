package nomadapi

import (
	"strings"
	"testing"

	"github.com/hashicorp/nomad/api"
)

// TestExecRefusals asserts the texts that people and scripts match on.
func TestExecRefusals(t *testing.T) {
	to := theTarget(t)
	t.Run("a command that does not exist is an error, and the next session works", func(t *testing.T) {
		for _, tty := range []bool{false, true} {
			stdin, _ := openStdin(t)
			got := to.exec(t, session{command: []string{"/no/such"}, tty: tty, stdin: stdin})
			if got.err == nil || !strings.Contains(got.err.Error(), "failed to start command") {
				t.Fatalf("with tty=%v: got %+v, want an error with \"failed to start command\"", tty, got)
			}
			wantServing(t, to)
		}
	})
	for name, command := range map[string]string{
		"a bare command that is nowhere on the path": "no-such-command",
		"a directory as command":                     "/usr",
		"a file that may not be executed":            "/etc/passwd",
	} {
		t.Run(name, func(t *testing.T) {
			got := to.exec(t, session{command: []string{command}})
			if got.err == nil || !strings.HasPrefix(got.err.Error(), "failed to start command: ") || !strings.Contains(got.err.Error(), command) {
				t.Fatalf("got %+v, want an error that begins with \"failed to start command: \" and names %q", got, command)
			}
		})
	}
	t.Run("a task that the allocation does not have", func(t *testing.T) {
		other := to
		other.task = "no-such-task"
		wantError(t, other.exec(t, session{command: []string{"true"}}), "task not found")
	})
	t.Run("no task name", func(t *testing.T) {
		other := to
		other.task = ""
		wantError(t, other.exec(t, session{command: []string{"true"}}), "must provide task name")
	})
	t.Run("no command", func(t *testing.T) {
		wantError(t, to.exec(t, session{command: []string{}}), "command is not present")
	})
	t.Run("an allocation that does not exist", func(t *testing.T) {
		wantError(t, atAllocation(to, nowhere).exec(t, session{command: []string{"true"}}), `Unknown allocation "`+nowhere+`"`)
	})
	t.Run("an allocation ID that is too short", func(t *testing.T) {
		const text = "alloc lookup failed: index error: UUID must be 36 characters"
		wantError(t, atAllocation(to, "abcd1234").exec(t, session{command: []string{"true"}}), text)
	})
	t.Run("no token", func(t *testing.T) {
		wantError(t, to.as(clientWith(t, "")).exec(t, session{command: []string{"true"}}), "Permission denied")
	})
	t.Run("a token that does not exist", func(t *testing.T) {
		wantError(t, to.as(clientWith(t, nowhere)).exec(t, session{command: []string{"true"}}), "Permission denied")
	})
	t.Run("a token that is not even shaped like one", func(t *testing.T) {
		wantError(t, to.as(clientWith(t, "not-a-token")).exec(t, session{command: []string{"true"}}), "Permission denied")
	})
}

func atAllocation(to target, id string) target {
	to.alloc = &api.Allocation{ID: id, NodeID: to.alloc.NodeID, Namespace: to.alloc.Namespace}
	return to
}
