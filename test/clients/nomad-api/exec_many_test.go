package nomadapi

import (
	"cmp"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestExecMany runs sessions beside each other.
func TestExecMany(t *testing.T) {
	to := theTarget(t)
	t.Run("16 sessions at once each get their own output and code", func(t *testing.T) {
		endings := make([]ending, 16)
		var all sync.WaitGroup
		for i := range endings {
			all.Go(func() {
				endings[i] = to.exec(t, session{command: shell(fmt.Sprintf("seq %d %d; exit %d", i*1000, i*1000+99, i))})
			})
		}
		all.Wait()
		for i, got := range endings {
			want := ending{code: i}
			for line := i * 1000; line < i*1000+100; line++ {
				want.stdout += fmt.Sprintf("%d\n", line)
			}
			wantEnding(t, got, want)
		}
	})
	t.Run("a client that reads slowly loses nothing and holds up nobody", func(t *testing.T) {
		slow := &slowWriter{start: make(chan struct{})}
		ended := make(chan ending, 1)
		go func() {
			ended <- to.exec(t, session{command: shell("head -c 33554432 /dev/zero; exit 5"), stdout: slow})
		}()
		wantServing(t, to)
		close(slow.start)
		got := <-ended
		wantEnding(t, got, ending{code: 5})
		if slow.bytes != 32*mebibyte {
			t.Fatalf("got %d bytes, want %d", slow.bytes, 32*mebibyte)
		}
	})
	t.Run("30 sessions one after another all work", func(t *testing.T) {
		for i := range 30 {
			wantEnding(t, to.exec(t, session{command: shell(fmt.Sprintf("exit %d", i))}), ending{code: i})
		}
	})
}

// TestExecPlace asserts where a session finds itself: with the user and in the directory that the job names.
func TestExecPlace(t *testing.T) {
	to := theTarget(t)
	task := to.alloc.Job.LookupTaskGroup(to.alloc.TaskGroup).Tasks[0]
	t.Run("a session runs as the task's user, in its directory", func(t *testing.T) {
		directory, _ := task.Config["work_dir"].(string)
		if directory == "" {
			directory = "/"
		}
		// A job that names no user runs as the driver's own.
		user := cmp.Or(task.User, "nobody")
		got := to.exec(t, session{command: shell("id -un; pwd")})
		wantEnding(t, got, ending{stdout: user + "\n" + directory + "\n"})
	})
	t.Run("a session has the capabilities that Nomad gives by default, in all five sets", func(t *testing.T) {
		got := to.exec(t, session{command: shell("sed -n 's/^Cap.*:.//p' /proc/self/status")})
		wantEnding(t, got, ending{stdout: strings.Repeat("00000000a80405fb\n", 5)})
	})
	t.Run("a bare command is found on the task's path", func(t *testing.T) {
		wantEnding(t, to.exec(t, session{command: []string{"printenv", "NOMAD_JOB_ID"}}), ending{stdout: to.alloc.JobID + "\n"})
	})
	t.Run("the namespace of the request does not hide the allocation", func(t *testing.T) {
		client := managementClient(t)
		client.SetNamespace("no-such-namespace")
		wantServing(t, to.as(client))
	})
	t.Run("an argument of 100,000 bytes arrives whole", func(t *testing.T) {
		long := make([]byte, 100_000)
		for i := range long {
			long[i] = 'a' + byte(i%26)
		}
		wantEnding(t, to.exec(t, session{command: []string{"printf", "%s", string(long)}}), ending{stdout: string(long)})
	})
}

// slowWriter takes nothing until it is told to.
type slowWriter struct {
	start chan struct{}
	bytes int
}

func (w *slowWriter) Write(data []byte) (int, error) {
	<-w.start
	w.bytes += len(data)
	return len(data), nil
}
