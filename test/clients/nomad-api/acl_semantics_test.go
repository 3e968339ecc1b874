package nomadapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/nomad/api"
)

// rule is a policy that gives capabilities in one namespace, which may be a pattern.
func rule(namespace string, capabilities ...string) string {
	return fmt.Sprintf(`namespace "%s" { capabilities = ["%s"] }`, namespace, strings.Join(capabilities, `", "`))
}

// TestExecRights asserts who may open a session, over HTTP, policy by policy.
func TestExecRights(t *testing.T) {
	to := theTarget(t)
	here := to.alloc.Namespace
	near := here[:len(here)-1] + "*"
	for _, each := range []struct {
		name     string
		policies []string
		allowed  bool
	}{
		{"alloc-exec may", []string{rule(here, "alloc-exec")}, true},
		{"the shorthand write may", []string{fmt.Sprintf(`namespace "%s" { policy = "write" }`, here)}, true},
		{"read-job and list-jobs may not", []string{rule(here, "read-job", "list-jobs")}, false},
		{"the shorthand read may not", []string{fmt.Sprintf(`namespace "%s" { policy = "read" }`, here)}, false},
		{"alloc-node-exec alone may not", []string{rule(here, "alloc-node-exec")}, false},
		{"alloc-exec in another namespace may not", []string{rule("no-such-namespace", "alloc-exec")}, false},
		{"alloc-exec everywhere may", []string{rule("*", "alloc-exec")}, true},
		{"capabilities of two policies for one namespace add up", []string{rule(here, "list-jobs"), rule(here, "alloc-exec")}, true},
		{"a deny in another policy wins over alloc-exec", []string{rule(here, "alloc-exec"), rule(here, "deny")}, false},
		{"a deny that comes first wins over alloc-exec", []string{rule(here, "deny"), rule(here, "alloc-exec")}, false},
		{"the namespace's own rule hides that of a pattern", []string{rule("*", "alloc-exec"), rule(here, "list-jobs")}, false},
		{"the namespace's own rule wins over a deny of a pattern", []string{rule("*", "deny"), rule(here, "alloc-exec")}, true},
		{"the closer pattern wins over a deny of a wider one", []string{rule("*", "deny"), rule(near, "alloc-exec")}, true},
		{"the closer pattern hides what a wider one allows", []string{rule("*", "alloc-exec"), rule(near, "list-jobs")}, false},
		{"a policy that does not exist gives nothing", nil, false},
	} {
		t.Run(each.name, func(t *testing.T) {
			got := to.as(clientWith(t, tokenWith(t, to.client, each.policies...))).exec(t, session{command: shell("echo in; exit 9")})
			if each.allowed {
				wantEnding(t, got, ending{stdout: "in\n", code: 9})
				return
			}
			wantError(t, got, "Permission denied")
		})
	}
	t.Run("who may not exec learns nothing about tasks", func(t *testing.T) {
		other := to.as(clientWith(t, tokenWith(t, to.client, rule(here, "read-job"))))
		other.task = "no-such-task"
		wantError(t, other.exec(t, session{command: []string{"true"}}), "Permission denied")
	})
}

// TestExecNodeLevelRights asserts that a task which reaches its node asks for more.
func TestExecNodeLevelRights(t *testing.T) {
	to := hostTarget(t)
	here := to.alloc.Namespace
	t.Run("alloc-exec alone may not", func(t *testing.T) {
		got := to.as(clientWith(t, tokenWith(t, to.client, rule(here, "alloc-exec")))).exec(t, session{command: []string{"true"}})
		wantError(t, got, "Permission denied")
	})
	t.Run("alloc-exec with alloc-node-exec may", func(t *testing.T) {
		got := to.as(clientWith(t, tokenWith(t, to.client, rule(here, "alloc-exec", "alloc-node-exec")))).exec(t, session{command: shell("exit 9")})
		wantEnding(t, got, ending{code: 9})
	})
}

// TestExecRevocation takes rights away that were used a moment before.
func TestExecRevocation(t *testing.T) {
	to := theTarget(t)
	rules := rule(to.alloc.Namespace, "alloc-exec")
	t.Run("a deleted token opens no session any more", func(t *testing.T) {
		token := newToken(t, to.client, newPolicy(t, to.client, rules))
		mine := to.as(clientWith(t, token.SecretID))
		wantServing(t, mine)
		if _, err := to.client.ACLTokens().Delete(token.AccessorID, nil); err != nil {
			t.Fatal(err)
		}
		wantDenied(t, mine)
	})
	t.Run("a policy that lost its capability opens no session any more", func(t *testing.T) {
		policy := newPolicy(t, to.client, rules)
		mine := to.as(clientWith(t, newToken(t, to.client, policy).SecretID))
		wantServing(t, mine)
		less := &api.ACLPolicy{Name: policy, Rules: rule(to.alloc.Namespace, "list-jobs")}
		if _, err := to.client.ACLPolicies().Upsert(less, nil); err != nil {
			t.Fatal(err)
		}
		wantDenied(t, mine)
	})
	t.Run("a session that runs ends when its token is deleted", func(t *testing.T) {
		token := newToken(t, to.client, newPolicy(t, to.client, rules))
		mine := to.as(clientWith(t, token.SecretID))
		stdin, _ := openStdin(t)
		var stdout transcript
		ended := make(chan ending, 1)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		go func() {
			ended <- mine.execUntil(ctx, session{command: shell("echo ready; cat"), stdin: stdin, stdout: &stdout})
		}()
		stdout.waitFor(t, "ready")
		if _, err := to.client.ACLTokens().Delete(token.AccessorID, nil); err != nil {
			t.Fatal(err)
		}
		got := <-ended
		if got.err == nil || ctx.Err() != nil {
			t.Fatalf("got %+v, want the bridge to end the session with an error", got)
		}
	})
}

// TestReadRights asserts what a token sees of the lists, and which words refuse it.
func TestReadRights(t *testing.T) {
	to := theTarget(t)
	elsewhere := clientWith(t, tokenWith(t, to.client, rule("no-such-namespace", "list-jobs", "read-job")))
	anonymous, unknown := clientWith(t, ""), clientWith(t, nowhere)
	t.Run("an allocation of a namespace that may not be read does not exist", func(t *testing.T) {
		_, _, err := elsewhere.Allocations().Info(to.alloc.ID, nil)
		wantRefusal(t, err, http.StatusInternalServerError, fmt.Sprintf("Unknown allocation %q", to.alloc.ID))
	})
	t.Run("a list of all namespaces holds no row that may not be read", func(t *testing.T) {
		jobs, _, err := elsewhere.Jobs().List(&api.QueryOptions{Namespace: "*"})
		allocs, _, allocsErr := elsewhere.Allocations().List(&api.QueryOptions{Namespace: "*"})
		if err != nil || allocsErr != nil || len(jobs) != 0 || len(allocs) != 0 {
			t.Fatalf("got %d jobs (%v) and %d allocations (%v), want none of either", len(jobs), err, len(allocs), allocsErr)
		}
	})
	for name, client := range map[string]*api.Client{"without a token": anonymous, "with an unknown token": unknown, "with rights elsewhere": elsewhere} {
		t.Run(name+" nothing is read", func(t *testing.T) {
			for what, read := range map[string]func() error{
				"jobs":        func() error { _, _, err := client.Jobs().List(nil); return err },
				"a job":       func() error { _, _, err := client.Jobs().Info(to.alloc.JobID, nil); return err },
				"allocations": func() error { _, _, err := client.Allocations().List(nil); return err },
				"nodes":       func() error { _, _, err := client.Nodes().List(nil); return err },
				"a node":      func() error { _, _, err := client.Nodes().Info(to.alloc.NodeID, nil); return err },
				"tokens":      func() error { _, _, err := client.ACLTokens().List(nil); return err },
			} {
				t.Run(what, func(t *testing.T) { wantRefusal(t, read(), http.StatusForbidden, "Permission denied") })
			}
		})
	}
	t.Run("the agent tells an unknown token no more than that", func(t *testing.T) {
		var self any
		_, err := unknown.Raw().Query("/v1/agent/self", &self, nil)
		wantRefusal(t, err, http.StatusForbidden, "Permission denied")
	})
	t.Run("the leader needs no token", func(t *testing.T) {
		if leader, err := anonymous.Status().Leader(); err != nil || leader == "" {
			t.Fatalf("got %q (%v)", leader, err)
		}
	})
	t.Run("node:read and agent:read open what they name", func(t *testing.T) {
		client := clientWith(t, tokenWith(t, to.client, `node { policy = "read" }`, `agent { policy = "read" }`))
		_, _, nodesErr := client.Nodes().List(nil)
		_, selfErr := client.Agent().Self()
		if nodesErr != nil || selfErr != nil {
			t.Fatalf("nodes: %v, agent: %v", nodesErr, selfErr)
		}
	})
}

// TestAnonymousRights asserts that the policy of that name, and no other, speaks for those without a token.
func TestAnonymousRights(t *testing.T) {
	client := managementClient(t)
	const name = "anonymous"
	if _, _, err := client.ACLPolicies().Info(name, nil); err == nil {
		t.Skip("there is an anonymous policy already, which is not ours to change")
	}
	t.Cleanup(func() { client.ACLPolicies().Delete(name, nil) })
	t.Run("the anonymous policy opens what it names to all", func(t *testing.T) {
		if _, err := client.ACLPolicies().Upsert(&api.ACLPolicy{Name: name, Rules: rule("default", "list-jobs")}, nil); err != nil {
			t.Fatal(err)
		}
		if _, _, err := clientWith(t, "").Jobs().List(nil); err != nil {
			t.Fatal(err)
		}
		_, _, err := clientWith(t, "").Nodes().List(nil)
		wantRefusal(t, err, http.StatusForbidden, "Permission denied")
	})
	t.Run("a token that does not exist is not anonymous", func(t *testing.T) {
		_, _, err := clientWith(t, nowhere).Jobs().List(nil)
		wantRefusal(t, err, http.StatusForbidden, "Permission denied")
	})
	t.Run("nothing is open when it is gone", func(t *testing.T) {
		if _, err := client.ACLPolicies().Delete(name, nil); err != nil {
			t.Fatal(err)
		}
		_, _, err := clientWith(t, "").Jobs().List(nil)
		wantRefusal(t, err, http.StatusForbidden, "Permission denied")
	})
}

// tokenWith returns the secret of a token with these rules, one policy each. Without rules the token names a policy that does not exist.
func tokenWith(t *testing.T, client *api.Client, rules ...string) string {
	t.Helper()
	names := make([]string, 0, len(rules))
	for _, each := range rules {
		names = append(names, newPolicy(t, client, each))
	}
	if len(names) == 0 {
		names = []string{uniqueName("nb-missing")}
	}
	return newToken(t, client, names...).SecretID
}

// wantDenied waits a while: a right that was taken away must be gone soon, not at once.
func wantDenied(t *testing.T, to target) {
	t.Helper()
	var last ending
	denied := func() bool {
		last = to.exec(t, session{command: []string{"true"}})
		return last.err != nil && last.err.Error() == "Permission denied"
	}
	eventually(t, denied, func() string { return fmt.Sprintf("sessions still open: %+v", last) })
}
