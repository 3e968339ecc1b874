// Package nomadapi holds a running bridge against Nomad's own Go client, unmodified. It is configured as a user configures that client:
// NOMAD_ADDR, NOMAD_TOKEN (a management token) and NOMAD_CACERT; NB_JOB names a running job with one task, and NB_HOST_JOB, which may be
// left out, one whose task shares its node's process namespace.
package nomadapi

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/hashicorp/nomad/api"
)

// nowhere is shaped like the ID of an allocation, node or token, and is none.
const nowhere = "00000000-1111-2222-3333-444444444444"

// target is the running task that the tests exec into.
type target struct {
	client *api.Client
	alloc  *api.Allocation
	task   string
}

func requiredEnv(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: these tests need the environment of a Nomad client, and NB_JOB", name)
	}
	return value
}

// clientWith is a client with another token than the environment's; "" sends none.
func clientWith(t *testing.T, secret string) *api.Client {
	t.Helper()
	requiredEnv(t, "NOMAD_ADDR")
	config := api.DefaultConfig()
	config.SecretID = secret
	client, err := api.NewClient(config)
	if err != nil {
		t.Fatalf("a client for %s: %v", config.Address, err)
	}
	return client
}

func managementClient(t *testing.T) *api.Client {
	t.Helper()
	return clientWith(t, requiredEnv(t, "NOMAD_TOKEN"))
}

func theTarget(t *testing.T) target {
	t.Helper()
	return runningTarget(t, requiredEnv(t, "NB_JOB"))
}

// hostTarget skips the test where nobody gave a task that is node-level.
func hostTarget(t *testing.T) target {
	t.Helper()
	if os.Getenv("NB_HOST_JOB") == "" {
		t.Skip("NB_HOST_JOB is not set: no task with pidMode host to exec into")
	}
	return runningTarget(t, os.Getenv("NB_HOST_JOB"))
}

// runningTarget waits a while: a task that became ready a moment ago may be news to the bridge.
func runningTarget(t *testing.T, job string) target {
	t.Helper()
	client := managementClient(t)
	var allocID string
	var last error
	isRunning := func() bool {
		stubs, _, err := client.Jobs().Allocations(job, false, nil)
		last = err
		for _, stub := range stubs {
			if stub.ClientStatus == api.AllocClientStatusRunning {
				allocID = stub.ID
			}
		}
		return allocID != ""
	}
	eventually(t, isRunning, func() string { return fmt.Sprintf("job %q has no running allocation (last error: %v)", job, last) })
	return targetOf(t, client, allocID)
}

func targetOf(t *testing.T, client *api.Client, allocID string) target {
	t.Helper()
	alloc, _, err := client.Allocations().Info(allocID, nil)
	if err != nil {
		t.Fatalf("allocation %s: %v", allocID, err)
	}
	for task := range alloc.TaskStates {
		return target{client: client, alloc: alloc, task: task}
	}
	t.Fatalf("allocation %s names no task", allocID)
	return target{}
}

// uniqueName is safe as the name of a policy or token, and as a word that no other process has among its arguments.
func uniqueName(prefix string) string {
	return fmt.Sprintf("%s-%s", prefix, rand.Text()[:12])
}

// wantRefusal asserts the HTTP status and the whole text of an error reply.
func wantRefusal(t *testing.T, err error, status int, text string) {
	t.Helper()
	var reply api.UnexpectedResponseError
	if !errors.As(err, &reply) {
		t.Fatalf("got error %v, want a reply %d %q", err, status, text)
	}
	if reply.StatusCode() != status || reply.Body() != text {
		t.Fatalf("got %d %q, want %d %q", reply.StatusCode(), reply.Body(), status, text)
	}
}
