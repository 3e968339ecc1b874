package nomadapi

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"
)

// TestFiles reads what a person reads of a running allocation who looks for what is wrong with it.
func TestFiles(t *testing.T) {
	to := theTarget(t)
	writeInTask(t, to, "printf 0123456789 > /local/digits; echo secret > /secrets/key")
	fs := to.client.AllocFS()
	t.Run("directories are listed", func(t *testing.T) {
		for path, want := range map[string][]string{"/": {"alloc", to.task}, to.task + "/local": {"digits"}, "alloc/logs": {to.task + ".stderr.0", to.task + ".stdout.0"}} {
			infos, _, err := fs.List(to.alloc, path, nil)
			names := []string{}
			for _, info := range infos {
				names = append(names, info.Name)
			}
			if err != nil || slices.ContainsFunc(want, func(name string) bool { return !slices.Contains(names, name) }) {
				t.Errorf("%s holds %v, error %v", path, names, err)
			}
		}
	})
	t.Run("a file is described", func(t *testing.T) {
		info, _, err := fs.Stat(to.alloc, to.task+"/local/digits", nil)
		if err != nil {
			t.Fatal(err)
		}
		if info.Name != "digits" || info.Size != 10 || info.IsDir || info.FileMode != "-rw-r--r--" || time.Since(info.ModTime).Abs() > time.Hour {
			t.Errorf("%+v", info)
		}
	})
	t.Run("a file is read whole and in part", func(t *testing.T) {
		whole, err := fs.Cat(to.alloc, to.task+"/local/digits", nil)
		wantContent(t, whole, err, "0123456789")
		part, err := fs.ReadAt(to.alloc, to.task+"/local/digits", 3, 4, nil)
		wantContent(t, part, err, "3456")
		rest, err := fs.ReadAt(to.alloc, to.task+"/local/digits", 8, -1, nil)
		wantContent(t, rest, err, "89")
	})
	t.Run("a file is streamed from its end, and on", func(t *testing.T) {
		cancel := make(chan struct{})
		frames, errs := fs.Stream(to.alloc, to.task+"/local/digits", api.OriginEnd, 2, cancel, nil)
		reader := api.NewFrameReader(frames, errs, cancel)
		wantNext(t, reader, "89")
		writeInTask(t, to, "printf abc >> /local/digits")
		wantNext(t, reader, "abc")
		close(cancel)
	})
	t.Run("what must not be read is not", func(t *testing.T) {
		_, err := fs.Cat(to.alloc, to.task+"/secrets/key", nil)
		wantRefusal(t, err, http.StatusForbidden, fmt.Sprintf("Reading secret file prohibited: %s/secrets/key", to.task))
		_, err = fs.Cat(to.alloc, "../../etc/passwd", nil)
		wantRefusal(t, err, http.StatusBadRequest, "Path escapes the alloc directory")
		_, _, err = fs.Stat(to.alloc, "no/such", nil)
		wantRefusal(t, err, http.StatusNotFound, "stat no/such: no such file or directory")
		_, _, err = clientWith(t, "").AllocFS().List(to.alloc, "/", nil)
		wantRefusal(t, err, http.StatusForbidden, "Permission denied")
	})
}

// TestLogs follows the output of a task while it is written, restarted over and signalled.
func TestLogs(t *testing.T) {
	to := theTarget(t)
	t.Run("stdout and stderr are apart", func(t *testing.T) {
		for stream, want := range map[string]string{api.FSLogNameStdout: "hello from the task\n", api.FSLogNameStderr: "a word on stderr\n"} {
			frames, errs := to.client.AllocFS().Logs(to.alloc, false, to.task, stream, api.OriginStart, 0, make(chan struct{}), nil)
			var text strings.Builder
			for frame := range frames {
				text.Write(frame.Data)
				if frame.File != "alloc/logs/"+to.task+"."+stream+".0" || frame.Offset != int64(text.Len()) {
					t.Errorf("a frame of %s to %d, after %d bytes", frame.File, frame.Offset, text.Len())
				}
			}
			select {
			case err := <-errs:
				t.Errorf("%s: %v", stream, err)
			default:
			}
			if !strings.HasPrefix(text.String(), want) {
				t.Errorf("%s is %q", stream, text.String())
			}
		}
	})
	t.Run("a follower sees what a signal and a restart make the task say", func(t *testing.T) {
		cancel := make(chan struct{})
		frames, errs := to.client.AllocFS().Logs(to.alloc, true, to.task, api.FSLogNameStdout, api.OriginEnd, 0, cancel, nil)
		reader := api.NewFrameReader(frames, errs, cancel)
		if err := to.client.Allocations().Signal(to.alloc, nil, to.task, "SIGHUP"); err != nil {
			t.Fatal(err)
		}
		wantNext(t, reader, "heard HUP\n")
		if err := to.client.Allocations().Restart(to.alloc, "", nil); err != nil {
			t.Fatal(err)
		}
		wantNext(t, reader, "hello from the task\n")
		close(cancel)
	})
	t.Run("an unknown task has none", func(t *testing.T) {
		_, errs := to.client.AllocFS().Logs(to.alloc, false, "none", api.FSLogNameStdout, api.OriginStart, 0, nil, nil)
		wantRefusal(t, <-errs, http.StatusBadRequest, `unknown task name "none"`)
	})
}

// TestUsage decodes what `alloc status -stats` prints.
func TestUsage(t *testing.T) {
	to := theTarget(t)
	usage, err := to.client.Allocations().Stats(to.alloc, nil)
	if err != nil {
		t.Fatal(err)
	}
	own := usage.Tasks[to.task]
	if own == nil || own.ResourceUsage.MemoryStats.RSS == 0 || own.ResourceUsage.CpuStats == nil || own.Timestamp == 0 || usage.ResourceUsage == nil {
		t.Errorf("%+v", usage)
	}
	if checks, err := to.client.Allocations().Checks(to.alloc.ID, nil); err != nil || len(checks) != 0 {
		t.Errorf("checks %v, error %v", checks, err)
	}
	wantRefusal(t, to.client.Allocations().Restart(to.alloc, "none", nil), http.StatusInternalServerError, "Could not find task runner for task: none")
	wantRefusal(t, to.client.Allocations().Signal(to.alloc, nil, "none", "SIGHUP"), http.StatusInternalServerError, "Task not found")
}

func writeInTask(t *testing.T, to target, script string) {
	t.Helper()
	if end := to.exec(t, session{command: []string{"/bin/sh", "-c", script}}); end.err != nil || end.code != 0 {
		t.Fatalf("%s: %+v", script, end)
	}
}

func wantContent(t *testing.T, reader io.ReadCloser, err error, want string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if text, err := io.ReadAll(reader); err != nil || string(text) != want {
		t.Errorf("got %q and error %v, want %q", text, err, want)
	}
}

// wantNext reads until the text has come.
func wantNext(t *testing.T, reader *api.FrameReader, want string) {
	t.Helper()
	reader.SetUnblockTime(20 * time.Second)
	var text strings.Builder
	for !strings.Contains(text.String(), want) {
		piece := make([]byte, 1024)
		n, err := reader.Read(piece)
		text.Write(piece[:n])
		if err != nil || n == 0 {
			t.Fatalf("got %q and error %v, want %q", text.String(), err, want)
		}
	}
}
