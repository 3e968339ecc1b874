package nomadapi

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"
)

// TestReads decodes what a client asks for around a session, with the types of that client.
func TestReads(t *testing.T) {
	to := theTarget(t)
	t.Run("allocations", func(t *testing.T) { readAllocations(t, to) })
	t.Run("jobs", func(t *testing.T) { readJobs(t, to) })
	t.Run("nodes", func(t *testing.T) { readNodes(t, to) })
	t.Run("agent and status", func(t *testing.T) { readAgent(t, to) })
}

func readAllocations(t *testing.T, to target) {
	id := to.alloc.ID
	lists := func(q *api.QueryOptions) func(*testing.T) {
		return func(t *testing.T) {
			stubs, meta, err := to.client.Allocations().List(q)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(stubs, func(stub *api.AllocationListStub) bool { return stub.ID == id }) {
				t.Fatalf("%d allocations, and %s is not among them", len(stubs), id)
			}
			for _, stub := range stubs {
				if q.Prefix != "" && !strings.HasPrefix(stub.ID, strings.ToLower(q.Prefix)) {
					t.Fatalf("%s is listed, which does not begin with %s", stub.ID, q.Prefix)
				}
			}
			if meta.LastIndex == 0 || !meta.KnownLeader {
				t.Fatalf("got index %d and known leader %v; clients need an index above 0 and a leader", meta.LastIndex, meta.KnownLeader)
			}
		}
	}
	t.Run("are listed in their namespace", lists(&api.QueryOptions{Namespace: to.alloc.Namespace}))
	t.Run("are listed in all namespaces", lists(&api.QueryOptions{Namespace: "*"}))
	t.Run("are found by a whole ID", lists(&api.QueryOptions{Prefix: id, Namespace: "*"}))
	t.Run("are found by the first two digits", lists(&api.QueryOptions{Prefix: id[:2]}))
	t.Run("are found by the eight digits that the CLI shows", lists(&api.QueryOptions{Prefix: id[:8]}))
	t.Run("are found by upper-case digits", lists(&api.QueryOptions{Prefix: strings.ToUpper(id[:8])}))
	t.Run("are found by a prefix that holds a hyphen", lists(&api.QueryOptions{Prefix: id[:13]}))
	for name, q := range map[string]*api.QueryOptions{
		"an unknown prefix finds nothing":    {Prefix: nowhere[:8], Namespace: "*"},
		"an unknown namespace holds nothing": {Namespace: "no-such-namespace"},
	} {
		t.Run(name, func(t *testing.T) {
			stubs, _, err := to.client.Allocations().List(q)
			if err != nil || stubs == nil || len(stubs) != 0 {
				t.Fatalf("got %v and error %v, want an empty list that is not null", stubs, err)
			}
		})
	}
	t.Run("one is read whole", func(t *testing.T) { wantWholeAllocation(t, to) })
	t.Run("an unknown one is not found", func(t *testing.T) {
		_, _, err := to.client.Allocations().Info(nowhere, nil)
		wantRefusal(t, err, http.StatusNotFound, "alloc not found")
	})
}

// wantWholeAllocation touches everything that Nomad's CLI reads without asking whether it is there.
func wantWholeAllocation(t *testing.T, to target) {
	alloc, _, err := to.client.Allocations().Info(to.alloc.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	stub := alloc.Stub()
	if stub.ClientStatus != api.AllocClientStatusRunning || stub.DesiredStatus != api.AllocDesiredStatusRun {
		t.Fatalf("got client status %q, desired status %q", stub.ClientStatus, stub.DesiredStatus)
	}
	if want := alloc.JobID + "." + alloc.TaskGroup + "[0]"; alloc.Name != want {
		t.Fatalf("got name %q, want %q", alloc.Name, want)
	}
	if *alloc.Job.ID != alloc.JobID || *alloc.Job.Namespace != alloc.Namespace || alloc.Job.LookupTaskGroup(alloc.TaskGroup) == nil {
		t.Fatalf("the job of the allocation is %q in %q, and has no group %q", *alloc.Job.ID, *alloc.Job.Namespace, alloc.TaskGroup)
	}
	if alloc.Job.LookupTaskGroup(alloc.TaskGroup).Tasks[0].Name != to.task || alloc.Job.LookupTaskGroup(alloc.TaskGroup).Tasks[0].Driver != "exec" {
		t.Fatalf("the group has no task %q of the exec driver", to.task)
	}
	resources, state := alloc.TaskResources[to.task], alloc.TaskStates[to.task]
	if *resources.CPU <= 0 || *resources.MemoryMB <= 0 || *alloc.Resources.DiskMB <= 0 || alloc.Metrics == nil {
		t.Fatalf("got resources %+v", resources)
	}
	if state.State != "running" || state.StartedAt.IsZero() || len(state.Events) == 0 || state.Events[0].DisplayMessage == "" {
		t.Fatalf("got task state %+v", state)
	}
	if alloc.CreateTime <= 0 || alloc.NodeID == "" || alloc.NodeName == "" || *alloc.Job.Version != stub.JobVersion {
		t.Fatalf("got create time %d, node %q (%s)", alloc.CreateTime, alloc.NodeID, alloc.NodeName)
	}
}

func readJobs(t *testing.T, to target) {
	id := to.alloc.JobID
	for name, q := range map[string]*api.QueryOptions{
		"are listed with their summary":             nil,
		"are listed in all namespaces":              {Namespace: "*"},
		"are found by their prefix":                 {Prefix: id[:2]},
		"are found by their prefix, 20 to the page": {Prefix: id, PerPage: 20},
	} {
		t.Run(name, func(t *testing.T) {
			stubs, _, err := to.client.Jobs().List(q)
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(stubs, func(stub *api.JobListStub) bool { return stub.ID == id && stub.Namespace == to.alloc.Namespace })
			if at < 0 {
				t.Fatalf("%d jobs, and %s is not among them", len(stubs), id)
			}
			stub := stubs[at]
			if stub.Status != "running" || stub.Type != "service" || stub.SubmitTime <= 0 || stub.JobSummary.Summary[to.alloc.TaskGroup].Running != 1 {
				t.Fatalf("got %+v with summary %+v", stub, stub.JobSummary)
			}
		})
	}
	t.Run("one is read whole", func(t *testing.T) {
		job, _, err := to.client.Jobs().Info(id, nil)
		if err != nil {
			t.Fatal(err)
		}
		if *job.ID != id || *job.Name == "" || *job.Type != "service" || *job.Priority != 50 || *job.Stop || *job.Status != "running" || len(job.Datacenters) == 0 {
			t.Fatalf("got %+v", job)
		}
		if len(job.TaskGroups) != 1 || *job.TaskGroups[0].Count != 1 || job.TaskGroups[0].Tasks[0].Config["command"] == nil {
			t.Fatalf("got groups %+v", job.TaskGroups)
		}
	})
	t.Run("one lists its allocations", func(t *testing.T) {
		stubs, _, err := to.client.Jobs().Allocations(id, true, nil)
		if err != nil || !slices.ContainsFunc(stubs, func(stub *api.AllocationListStub) bool { return stub.ID == to.alloc.ID }) {
			t.Fatalf("got %d allocations and error %v, want %s among them", len(stubs), err, to.alloc.ID)
		}
	})
	for name, job := range map[string]string{
		"an unknown one is not found":             "no-such-job",
		"one with slashes in its ID is not found": "no/such/job",
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := to.client.Jobs().Info(job, nil)
			wantRefusal(t, err, http.StatusNotFound, "job not found")
		})
	}
	t.Run("all pages together are the whole list, in either direction", func(t *testing.T) {
		whole := jobIDs(t, to.client, &api.QueryOptions{Namespace: "*"})
		forth := pagedJobIDs(t, to.client, api.QueryOptions{Namespace: "*", PerPage: 1})
		back := pagedJobIDs(t, to.client, api.QueryOptions{Namespace: "*", PerPage: 1, Reverse: true})
		slices.Sort(whole)
		slices.Sort(forth)
		slices.Sort(back)
		if len(whole) == 0 || !slices.Equal(whole, forth) || !slices.Equal(whole, back) {
			t.Fatalf("the list is %v, the pages are %v, backwards %v", whole, forth, back)
		}
	})
	t.Run("a stale read and a wait for another index answer", func(t *testing.T) {
		_, meta, err := to.client.Jobs().List(nil)
		if err != nil {
			t.Fatal(err)
		}
		later := &api.QueryOptions{AllowStale: true, WaitIndex: meta.LastIndex, WaitTime: 200 * time.Millisecond}
		jobs, next, err := to.client.Jobs().List(later)
		if err != nil || len(jobs) == 0 || next.LastIndex < meta.LastIndex {
			t.Fatalf("got %d jobs at index %d (%v), want those at %d or later", len(jobs), next.LastIndex, err, meta.LastIndex)
		}
	})
	t.Run("one is not found in another namespace", func(t *testing.T) {
		_, _, err := to.client.Jobs().Info(id, &api.QueryOptions{Namespace: "no-such-namespace"})
		wantRefusal(t, err, http.StatusNotFound, "job not found")
	})
}

func jobIDs(t *testing.T, client *api.Client, q *api.QueryOptions) []string {
	t.Helper()
	stubs, meta, err := client.Jobs().List(q)
	if err != nil {
		t.Fatal(err)
	}
	q.NextToken = meta.NextToken
	ids := make([]string, 0, len(stubs))
	for _, stub := range stubs {
		ids = append(ids, stub.Namespace+"/"+stub.ID)
	}
	return ids
}

// pagedJobIDs fails on a page that is longer than asked for.
func pagedJobIDs(t *testing.T, client *api.Client, q api.QueryOptions) []string {
	t.Helper()
	var ids []string
	for first := true; first || q.NextToken != ""; first = false {
		page := jobIDs(t, client, &q)
		if len(page) > int(q.PerPage) {
			t.Fatalf("asked for %d to the page, got %v", q.PerPage, page)
		}
		ids = append(ids, page...)
	}
	return ids
}

func readNodes(t *testing.T, to target) {
	t.Run("are listed", func(t *testing.T) {
		stubs, _, err := to.client.Nodes().List(nil)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(stubs, func(stub *api.NodeListStub) bool { return stub.ID == to.alloc.NodeID })
		if at < 0 || stubs[at].Status != api.NodeStatusReady || stubs[at].SchedulingEligibility != api.NodeSchedulingEligible {
			t.Fatalf("got %+v, want the node %s of the allocation, ready and eligible", stubs, to.alloc.NodeID)
		}
		if !stubs[at].Drivers["exec"].Healthy {
			t.Fatal("the exec driver of the node is not healthy")
		}
	})
	t.Run("one is read whole, and has no address to be dialled at", func(t *testing.T) {
		node, _, err := to.client.Nodes().Info(to.alloc.NodeID, nil)
		if err != nil {
			t.Fatal(err)
		}
		if node.HTTPAddr != "" || node.Status != api.NodeStatusReady || node.Name != to.alloc.NodeName || node.Attributes["kernel.name"] != "linux" {
			t.Fatalf("got address %q, status %q, name %q, attributes %v", node.HTTPAddr, node.Status, node.Name, node.Attributes)
		}
		if node.NodeResources.Cpu.CpuShares <= 0 || node.NodeResources.Memory.MemoryMB <= 0 || node.ReservedResources == nil {
			t.Fatalf("got resources %+v", node.NodeResources)
		}
	})
	t.Run("an unknown one is not found", func(t *testing.T) {
		_, _, err := to.client.Nodes().Info(nowhere, nil)
		wantRefusal(t, err, http.StatusNotFound, "node not found")
	})
}

func readAgent(t *testing.T, to target) {
	t.Run("the agent has a version and shows no hints", func(t *testing.T) {
		self, err := to.client.Agent().Self()
		if err != nil {
			t.Fatal(err)
		}
		ui, _ := self.Config["UI"].(map[string]any)
		version, _ := self.Config["Version"].(map[string]any)
		if self.Member.Status != "alive" || version["Version"] == "" || ui["ShowCLIHints"] != false || self.Stats == nil {
			t.Fatalf("got member %+v, config %v", self.Member, self.Config)
		}
	})
	t.Run("the agent names its region", func(t *testing.T) {
		region, err := to.client.Agent().Region()
		regions, listErr := to.client.Regions().List()
		if err != nil || listErr != nil || !slices.Equal(regions, []string{region}) {
			t.Fatalf("the agent is in %q (%v), and the regions are %v (%v)", region, err, regions, listErr)
		}
	})
	t.Run("there is a leader, and it is a peer", func(t *testing.T) {
		leader, err := to.client.Status().Leader()
		peers, peersErr := to.client.Status().Peers()
		if err != nil || peersErr != nil || !strings.Contains(leader, ":") || !slices.Contains(peers, leader) {
			t.Fatalf("got leader %q (%v), peers %v (%v)", leader, err, peers, peersErr)
		}
	})
	t.Run("another region has no path", func(t *testing.T) {
		_, _, err := to.client.Jobs().List(&api.QueryOptions{Region: "no-such-region"})
		wantRefusal(t, err, http.StatusInternalServerError, "No path to region")
	})
	t.Run("a path that nobody serves is not found", func(t *testing.T) {
		var answer any
		_, err := to.client.Raw().Query("/v1/no/such/path", &answer, nil)
		var reply api.UnexpectedResponseError
		if !errors.As(err, &reply) || reply.StatusCode() != http.StatusNotFound {
			t.Fatalf("got %v, want a reply 404", err)
		}
	})
	t.Run("a wrong verb is refused", func(t *testing.T) {
		_, err := to.client.Raw().Delete("/v1/nodes", nil, nil)
		wantRefusal(t, err, http.StatusMethodNotAllowed, "Invalid method")
	})
	for name, query := range map[string]struct{ path, text string }{
		"an index that is no number":    {"/v1/jobs?index=soon", "Invalid index"},
		"a wait that is no duration":    {"/v1/jobs?index=1&wait=soon", "Invalid wait time"},
		"a page size that is no number": {"/v1/jobs?per_page=few", "Expect a number for `per_page` query string parameter"},
		"stale that is no boolean":      {"/v1/jobs?stale=perhaps", "Expect `true` or `false` for `stale` query string parameter"},
	} {
		t.Run(name+" is a bad request", func(t *testing.T) {
			var answer any
			_, err := to.client.Raw().Query(query.path, &answer, nil)
			wantRefusal(t, err, http.StatusBadRequest, query.text)
		})
	}
}
