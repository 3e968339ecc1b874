package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nomad-bridge/nomad-bridge/launcher/template"
)

// taskRoot is a directory with the task's own directories in it.
func taskRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, directory := range []string{"local", "secrets", "alloc", "tmp", "etc"} {
		if err := os.Mkdir(filepath.Join(root, directory), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func writeAt(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readAt(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func rootFile(content string) taskFile {
	return taskFile{content: []byte(content), mode: 0o644, uid: uint32(os.Getuid()), gid: uint32(os.Getgid())}
}

func TestAFileIsWrittenWithItsModeInNewDirectories(t *testing.T) {
	root := taskRoot(t)
	file := rootFile("text")
	file.mode = 0o640
	if err := writeTaskFile(root, template.Place{Directory: "local", Below: "a/b/c.conf"}, file); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "local/a/b/c.conf")
	about, err := os.Stat(path)
	if err != nil || about.Mode() != 0o640 || readAt(t, path) != "text" {
		t.Errorf("found %v, %v", about, err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("something is left beside the file: %v", left)
	}
}

func TestAFileIsGivenToItsOwnerWithAndWithoutTheRightToGiveFilesAway(t *testing.T) {
	needRoot(t)
	for name, call := range map[string]func(*testing.T, func() error) error{
		"with": func(_ *testing.T, call func() error) error { return call() }, "without": withoutChown,
	} {
		root := taskRoot(t)
		if err := os.Chmod(filepath.Join(root, "local"), 0o777); err != nil {
			t.Fatal(err)
		}
		file := rootFile("text")
		file.uid, file.gid, file.mode = 1234, 567, 0o640
		err := call(t, func() error { return writeTaskFile(root, template.Place{Directory: "local", Below: "own"}, file) })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		about, err := os.Stat(filepath.Join(root, "local/own"))
		if err != nil {
			t.Fatal(err)
		}
		owner := about.Sys().(*syscall.Stat_t)
		if owner.Uid != 1234 || owner.Gid != 567 || about.Mode() != 0o640 || readAt(t, filepath.Join(root, "local/own")) != "text" {
			t.Errorf("%s: the file belongs to %d:%d, %v", name, owner.Uid, owner.Gid, about.Mode())
		}
	}
}

// withoutChown runs call on a thread that has no CAP_CHOWN, and that ends with it.
func withoutChown(t *testing.T, call func() error) error {
	t.Helper()
	failed := make(chan error)
	go func() {
		runtime.LockOSThread()
		header := capabilityHeader{version: capabilityVersion3}
		var words [2]capabilityWord
		if errno := capabilityCall(syscall.SYS_CAPGET, &header, &words); errno != 0 {
			failed <- errno
			return
		}
		words[0].effective &^= 1
		words[0].permitted &^= 1
		words[0].inheritable &^= 1
		if errno := capabilityCall(syscall.SYS_CAPSET, &header, &words); errno != 0 {
			failed <- errno
			return
		}
		failed <- call()
	}()
	return <-failed
}

func TestAFileThatIsAlreadyRightStaysTheSameFile(t *testing.T) {
	root := taskRoot(t)
	place := template.Place{Directory: "local", Below: "same"}
	for range 2 {
		if err := writeTaskFile(root, place, rootFile("text")); err != nil {
			t.Fatal(err)
		}
	}
	first := markTaskFile(root, place)
	if err := writeTaskFile(root, place, rootFile("text")); err != nil || markTaskFile(root, place) != first {
		t.Errorf("the file was touched: %v", err)
	}
	if err := writeTaskFile(root, place, rootFile("next")); err != nil || markTaskFile(root, place) == first {
		t.Errorf("the new text looks like the old: %v", err)
	}
	if now := markTaskFile(root, template.Place{Directory: "local", Below: "absent/x"}); now.exists {
		t.Error("a file that is not there has a mark")
	}
}

// plantOutside is a root whose /local has everything that could lead somewhere else.
func plantOutside(t *testing.T) (root, outside string) {
	t.Helper()
	root, outside = taskRoot(t), t.TempDir()
	writeAt(t, filepath.Join(outside, "secret"), "secret")
	writeAt(t, filepath.Join(root, "local/plain"), "plain")
	for name, target := range map[string]string{
		"out": outside, "up": "../../../../../../../../etc", "secret": filepath.Join(outside, "secret"), "inside": "plain",
		"magic": "/proc/self/root", "etc": "../etc", "dangling": filepath.Join(outside, "made"),
	} {
		if err := os.Symlink(target, filepath.Join(root, "local", name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "local/pipe"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "local/directory"), 0o755); err != nil {
		t.Fatal(err)
	}
	return root, outside
}

func TestNothingIsReadThroughWhatATaskHasPlanted(t *testing.T) {
	root, _ := plantOutside(t)
	for below, why := range map[string]string{
		"out/secret": "link", "up/passwd": "link", "magic/etc/passwd": "link", "secret": "link", "inside": "link",
		"pipe": "not a regular file", "directory": "not a regular file", "plain/x": "not a directory", "absent": "no such file",
		"dangling": "link", strings.Repeat("n", 300): "too long",
	} {
		done := make(chan error, 1)
		go func() {
			_, _, err := readTaskFile(root, template.Place{Directory: "local", Below: below})
			done <- err
		}()
		select {
		case err := <-done:
			if err == nil || !strings.Contains(err.Error(), why) {
				t.Errorf("%s is read with %v; want %q", below, err, why)
			}
		case <-time.After(patience):
			t.Fatalf("to read %s takes for ever", below)
		}
	}
}

func TestAFileThatIsTooLongIsNotRead(t *testing.T) {
	root := taskRoot(t)
	place := template.Place{Directory: "tmp", Below: "long"}
	writeAt(t, filepath.Join(root, "tmp/long"), strings.Repeat("x", template.MaxBytes))
	if content, _, err := readTaskFile(root, place); err != nil || len(content) != template.MaxBytes {
		t.Errorf("%d bytes, %v", len(content), err)
	}
	writeAt(t, filepath.Join(root, "tmp/long"), strings.Repeat("x", template.MaxBytes+1))
	if _, _, err := readTaskFile(root, place); err == nil {
		t.Error("one byte too many was read")
	}
}

func TestNothingIsWrittenOutsideThroughWhatATaskHasPlanted(t *testing.T) {
	root, outside := plantOutside(t)
	for _, below := range []string{"out/new", "up/new", "etc/new", "magic/tmp/new", "out/a/b", "pipe/x", "dangling/x"} {
		if err := writeTaskFile(root, template.Place{Directory: "local", Below: below}, rootFile("new")); err == nil {
			t.Errorf("%s was written", below)
		}
	}
	for _, below := range []string{"secret", "pipe", "dangling", "inside"} {
		if err := writeTaskFile(root, template.Place{Directory: "local", Below: below}, rootFile("new")); err != nil {
			t.Errorf("%s: %v", below, err)
		}
		about, err := os.Lstat(filepath.Join(root, "local", below))
		if err != nil || !about.Mode().IsRegular() || readAt(t, filepath.Join(root, "local", below)) != "new" {
			t.Errorf("%s was not replaced: %v, %v", below, about, err)
		}
	}
	if err := writeTaskFile(root, template.Place{Directory: "local", Below: "directory"}, rootFile("new")); err == nil {
		t.Error("a directory was replaced")
	}
	left, err := os.ReadDir(outside)
	if err != nil || len(left) != 1 || readAt(t, filepath.Join(outside, "secret")) != "secret" {
		t.Errorf("outside is %v, %v", left, err)
	}
	if readAt(t, filepath.Join(root, "local/plain")) != "plain" {
		t.Error("the link's target was written")
	}
	if etc, _ := os.ReadDir(filepath.Join(root, "etc")); len(etc) != 0 {
		t.Errorf("etc holds %v", etc)
	}
}

func TestALinkInTheStandardDirectorysPlaceIsRefused(t *testing.T) {
	root, outside := taskRoot(t), t.TempDir()
	if err := os.Remove(filepath.Join(root, "local")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(root, "local")); err != nil {
		t.Fatal(err)
	}
	if err := writeTaskFile(root, template.Place{Directory: "local", Below: "x"}, rootFile("x")); err == nil {
		t.Error("written through the link")
	}
}

func TestThePayloadIsAFileOfTheTask(t *testing.T) {
	needRoot(t)
	for _, test := range []struct{ file, where, failure string }{
		{"input.json", "local/input.json", ""},
		{"deep/er/input", "local/deep/er/input", ""},
		{"a/../input", "local/input", ""},
		{"", "", ""},
		{"../etc/passwd", "", "is not below local/"},
		{"../alloc/data/x", "", "is not below local/"},
		{"../local/x", "", "is not below local/"},
		{"../../x", "", "is not below local/"},
		{"a/", "", "is a directory"},
		{".", "", "is a directory"},
		{"out/x", "", "link"},
	} {
		root, _ := plantOutside(t)
		places := layout{root: root, payload: filepath.Join(t.TempDir(), "payload")}
		writeAt(t, places.payload, "the payload\x00\xff")
		document := validDocument()
		document.PayloadFile = test.file
		err := writePayload(places, document)
		if test.failure != "" {
			if err == nil || !strings.Contains(err.Error(), test.failure) {
				t.Errorf("%q gives %v; want %q", test.file, err, test.failure)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", test.file, err)
			continue
		}
		if test.where == "" {
			if made, _ := filepath.Glob(filepath.Join(root, "*/*payload*")); len(made) != 0 {
				t.Errorf("made %v without a payload file", made)
			}
			continue
		}
		about, err := os.Stat(filepath.Join(root, test.where))
		if err != nil || about.Mode() != 0o755 || readAt(t, filepath.Join(root, test.where)) != "the payload\x00\xff" {
			t.Errorf("%q: %v, %v", test.file, about, err)
		}
	}
}

func TestAPayloadThatIsNotThereIsAnError(t *testing.T) {
	document := validDocument()
	document.PayloadFile = "input"
	err := writePayload(layout{root: taskRoot(t), payload: filepath.Join(t.TempDir(), "absent")}, document)
	if err == nil || !strings.Contains(err.Error(), "dispatch the job again") {
		t.Errorf("it is %v", err)
	}
}
