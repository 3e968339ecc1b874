// What Nomad's client hears on the event stream.
package nomadapi

import (
	"context"
	"testing"

	"github.com/hashicorp/nomad/api"
)

func TestEvents(t *testing.T) {
	to := theTarget(t)
	job := *to.alloc.Job.ID
	t.Run("tell of a job and of its allocation, with what is known of them", func(t *testing.T) {
		events := listen(t, to.client, map[api.Topic][]string{api.TopicJob: {job}, api.TopicAllocation: {job}})
		seenJob, seenAlloc := false, false
		for !seenJob || !seenAlloc {
			event := next(t, events)
			switch event.Topic {
			case api.TopicJob:
				told, err := event.Job()
				if err != nil || told == nil || *told.ID != job {
					t.Fatalf("got the job %+v and error %v, want %s", told, err, job)
				}
				seenJob = true
			case api.TopicAllocation:
				told, err := event.Allocation()
				if err != nil || told == nil || told.JobID != job {
					t.Fatalf("got the allocation %+v and error %v, want one of %s", told, err, job)
				}
				seenAlloc = seenAlloc || told.ID == to.alloc.ID
			default:
				t.Fatalf("got an event of %s, which was not asked for", event.Topic)
			}
		}
	})
	t.Run("go on from an index", func(t *testing.T) {
		first := next(t, listen(t, to.client, map[api.Topic][]string{api.TopicAllocation: {job}}))
		events, err := to.client.EventStream().Stream(withPatience(t), map[api.Topic][]string{api.TopicAllocation: {job}}, first.Index+1, nil)
		if err != nil {
			t.Fatal(err)
		}
		if later := next(t, events); later.Index <= first.Index {
			t.Fatalf("got index %d after %d", later.Index, first.Index)
		}
	})
	t.Run("are not for everybody", func(t *testing.T) {
		_, err := clientWith(t, "").EventStream().Stream(withPatience(t), map[api.Topic][]string{api.TopicJob: {"*"}}, 0, nil)
		wantRefusal(t, err, 403, "Permission denied")
	})
}

func withPatience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func listen(t *testing.T, client *api.Client, topics map[api.Topic][]string) <-chan *api.Events {
	t.Helper()
	events, err := client.EventStream().Stream(withPatience(t), topics, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// next is the next event that is no heartbeat.
func next(t *testing.T, events <-chan *api.Events) api.Event {
	t.Helper()
	batch, isOpen := <-events
	if !isOpen || batch.Err != nil {
		t.Fatalf("the stream has ended: %+v", batch)
	}
	return batch.Events[0]
}
