package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// logOf is a stream's log in a directory of the test's own, and what it complains of.
func logOf(t *testing.T, alloc string, policy logsPolicy) (*rotatedLog, *[]string) {
	t.Helper()
	needRoot(t)
	complaints := &[]string{}
	log := newRotatedLog(alloc, "web", "stdout", policy)
	log.complain = func(format string, values ...any) { *complaints = append(*complaints, fmt.Sprintf(format, values...)) }
	t.Cleanup(log.closeFile)
	return log, complaints
}

func allocDirectory(t *testing.T) (alloc, logs string) {
	t.Helper()
	alloc = t.TempDir()
	logs = filepath.Join(alloc, "logs")
	if err := os.Mkdir(logs, 0o777); err != nil {
		t.Fatal(err)
	}
	return alloc, logs
}

func contentsOf(t *testing.T, directory string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	contents := map[string]string{}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			contents[entry.Name()] = entry.Type().String()
			continue
		}
		text, err := os.ReadFile(filepath.Join(directory, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		contents[entry.Name()] = string(text)
	}
	return contents
}

func expectContents(t *testing.T, directory string, want map[string]string) {
	t.Helper()
	got := contentsOf(t, directory)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

func TestLogRotation(t *testing.T) {
	cases := []struct {
		name   string
		policy logsPolicy
		before map[string]string
		writes []string
		want   map[string]string
	}{
		{name: "the first file is 0", policy: logsPolicy{MaxFiles: 2, MaxFileBytes: 8}, writes: []string{"one\n"}, want: map[string]string{"web.stdout.0": "one\n"}},
		{name: "a full file is followed by the next", policy: logsPolicy{MaxFiles: 3, MaxFileBytes: 4}, writes: []string{"one\n", "two\n", "3"}, want: map[string]string{"web.stdout.0": "one\n", "web.stdout.1": "two\n", "web.stdout.2": "3"}},
		{name: "the oldest are removed", policy: logsPolicy{MaxFiles: 2, MaxFileBytes: 4}, writes: []string{"one\ntwo\n", "3333four"}, want: map[string]string{"web.stdout.2": "3333", "web.stdout.3": "four"}},
		{name: "one file is enough", policy: logsPolicy{MaxFiles: 1, MaxFileBytes: 4}, writes: []string{"one\ntwo\n3"}, want: map[string]string{"web.stdout.2": "3"}},
		{name: "a line is not cut where a file can end before it", policy: logsPolicy{MaxFiles: 3, MaxFileBytes: 6}, writes: []string{"one\ntwo\n"}, want: map[string]string{"web.stdout.0": "one\ntwo\n"[:4], "web.stdout.1": "two\n"}},
		{name: "a restarted launcher goes on with the newest", policy: logsPolicy{MaxFiles: 3, MaxFileBytes: 8}, before: map[string]string{"web.stdout.9": "full one", "web.stdout.10": "old"}, writes: []string{"+new"}, want: map[string]string{"web.stdout.9": "full one", "web.stdout.10": "old+new"}},
		{name: "a newest that is full is left alone", policy: logsPolicy{MaxFiles: 2, MaxFileBytes: 4}, before: map[string]string{"web.stdout.1": "one\n", "web.stdout.2": "two\n"}, writes: []string{"3"}, want: map[string]string{"web.stdout.2": "two\n", "web.stdout.3": "3"}},
		{name: "files of others are left alone", policy: logsPolicy{MaxFiles: 1, MaxFileBytes: 4}, before: map[string]string{"web.stderr.0": "x", "web.stdout.01": "x", "web.stdout.": "x", "web.stdout.-1": "x", "web.stdout.9999999999999999999": "x", "web2.stdout.0": "x"}, writes: []string{"one\n", "two\n"}, want: map[string]string{"web.stderr.0": "x", "web.stdout.01": "x", "web.stdout.": "x", "web.stdout.-1": "x", "web.stdout.9999999999999999999": "x", "web2.stdout.0": "x", "web.stdout.1": "two\n"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			alloc, logs := allocDirectory(t)
			for name, text := range c.before {
				if err := os.WriteFile(filepath.Join(logs, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			log, complaints := logOf(t, alloc, c.policy)
			for _, text := range c.writes {
				log.write([]byte(text))
			}
			expectContents(t, logs, c.want)
			if len(*complaints) > 0 {
				t.Errorf("complaints %q", *complaints)
			}
		})
	}
}

func TestLogFilesAreRootsAndReadable(t *testing.T) {
	alloc, logs := allocDirectory(t)
	before := syscall.Umask(taskUmask)
	defer syscall.Umask(before)
	log, _ := logOf(t, alloc, logsPolicy{MaxFiles: 1, MaxFileBytes: 100})
	log.write([]byte("x"))
	var about syscall.Stat_t
	if err := syscall.Lstat(filepath.Join(logs, "web.stdout.0"), &about); err != nil || about.Uid != 0 || about.Mode&0o7777 != 0o644 {
		t.Errorf("%o, uid %d, %v", about.Mode, about.Uid, err)
	}
}

// TestLogsAgainstAHostileTask lets a task put things where the next file goes: none of them is written to or waited for.
func TestLogsAgainstAHostileTask(t *testing.T) {
	const secret = "untouched"
	asNobody := func(path string) error { return os.Lchown(path, 65534, 65534) }
	cases := []struct {
		name string
		put  func(path, elsewhere string) error
	}{
		{"link to a file", func(path, elsewhere string) error { return os.Symlink(elsewhere, path) }},
		{"link to nothing yet", func(path, elsewhere string) error { return os.Symlink(elsewhere+".new", path) }},
		{"link to another log", func(path, _ string) error {
			other := filepath.Join(filepath.Dir(path), "web.stderr.0")
			if err := os.WriteFile(other, nil, 0o644); err != nil {
				return err
			}
			return os.Symlink("web.stderr.0", path)
		}},
		{"hard link", func(path, elsewhere string) error { return os.Link(elsewhere, path) }},
		{"fifo", func(path, _ string) error { return syscall.Mkfifo(path, 0o666) }},
		{"directory", func(path, _ string) error { return os.Mkdir(path, 0o777) }},
		{"device", func(path, _ string) error { return syscall.Mknod(path, syscall.S_IFCHR|0o666, 1<<8|7) }},
		{"file of its own", func(path, _ string) error {
			if err := os.WriteFile(path, []byte(secret), 0o666); err != nil {
				return err
			}
			return asNobody(path)
		}},
	}
	for _, c := range cases {
		for _, restarted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restarted %v", c.name, restarted), func(t *testing.T) {
				alloc, logs := allocDirectory(t)
				elsewhere := filepath.Join(alloc, "elsewhere")
				if err := os.WriteFile(elsewhere, []byte(secret), 0o644); err != nil {
					t.Fatal(err)
				}
				log, complaints := logOf(t, alloc, logsPolicy{MaxFiles: 5, MaxFileBytes: 4})
				name, want := "web.stdout.2", "two\n"
				if restarted {
					log.policy.MaxFileBytes, name, want = 100, "web.stdout.0", "one\ntwo\n"
				} else {
					log.write([]byte("one\n"))
				}
				trap := filepath.Join(logs, "web.stdout.1")
				if err := c.put(trap, elsewhere); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(logs, "web.stdout.0"), []byte("one\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				log.write([]byte("two\n"))
				if text, err := os.ReadFile(elsewhere); err != nil || string(text) != secret {
					t.Errorf("the file elsewhere holds %q, %v", text, err)
				}
				if _, err := os.Lstat(elsewhere + ".new"); err == nil {
					t.Error("a file has been made elsewhere")
				}
				if text, err := os.ReadFile(filepath.Join(logs, name)); err != nil || string(text) != want {
					t.Errorf("the output is not kept beside it: %q, %v, complaints %q", text, err, *complaints)
				}
				expectNotResumed(t, log, 1)
			})
		}
	}
}

// expectNotResumed is for a trap that was set after the launcher had looked.
func expectNotResumed(t *testing.T, log *rotatedLog, number int64) {
	t.Helper()
	directory, err := log.openDirectory()
	if err != nil {
		t.Fatal(err)
	}
	defer directory.Close()
	if log.resume(directory, number) {
		t.Errorf("%s is written to", log.nameOf(number))
	}
}

func TestLogDirectoryThatATaskTookAway(t *testing.T) {
	cases := []struct {
		name      string
		replace   func(logs, elsewhere string) error
		complaint string
	}{
		{"removed", func(string, string) error { return nil }, "the directory is gone"},
		{"another directory", func(logs, _ string) error { return os.Mkdir(logs, 0o777) }, "has been replaced"},
		{"link to a directory", func(logs, elsewhere string) error { return os.Symlink(elsewhere, logs) }, "cannot be used"},
		{"file", func(logs, _ string) error { return os.WriteFile(logs, nil, 0o666) }, "cannot be used"},
		{"fifo", func(logs, _ string) error { return syscall.Mkfifo(logs, 0o666) }, "cannot be used"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			alloc, logs := allocDirectory(t)
			elsewhere := t.TempDir()
			log, complaints := logOf(t, alloc, logsPolicy{MaxFiles: 5, MaxFileBytes: 4})
			log.write([]byte("one\n"))
			if err := os.Rename(logs, filepath.Join(alloc, "away")); err != nil {
				t.Fatal(err)
			}
			if err := c.replace(logs, elsewhere); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				log.write([]byte("two\n"))
				log.retryAt = time.Time{}
			}
			if len(*complaints) != 1 || !strings.Contains((*complaints)[0], c.complaint) {
				t.Errorf("complaints %q", *complaints)
			}
			if len(contentsOf(t, elsewhere)) > 0 {
				t.Errorf("written elsewhere: %v", contentsOf(t, elsewhere))
			}
			if about, err := os.Stat(logs); err == nil && about.IsDir() && len(contentsOf(t, logs)) > 0 {
				t.Errorf("written into the other directory: %v", contentsOf(t, logs))
			}
		})
	}
}

func TestFullFileSystemCostsOneComplaintAndIsTriedAgain(t *testing.T) {
	alloc, logs := allocDirectory(t)
	log, complaints := logOf(t, alloc, logsPolicy{MaxFiles: 5, MaxFileBytes: 1000})
	log.write([]byte("one\n"))
	full, err := syscall.Open("/dev/full", syscall.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.Close(log.fd)
	log.fd = full
	log.write([]byte("lost\n"))
	log.write([]byte("lost\n"))
	if len(*complaints) != 1 || !strings.Contains((*complaints)[0], "no space left") {
		t.Errorf("complaints %q", *complaints)
	}
	log.retryAt = time.Time{}
	log.write([]byte("two\n"))
	names := []string{}
	for name := range contentsOf(t, logs) {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) != 2 || contentsOf(t, logs)["web.stdout.1"] != "two\n" {
		t.Errorf("files %v", contentsOf(t, logs))
	}
}

func TestTaskNamesInFileNames(t *testing.T) {
	for _, task := range []string{"..", "a b\n*?[", "-rf", "ünï", strings.Repeat("x", 240)} {
		alloc, logs := allocDirectory(t)
		log, complaints := logOf(t, alloc, logsPolicy{MaxFiles: 1, MaxFileBytes: 100})
		log.prefix = task + ".stdout."
		log.write([]byte("x"))
		if contentsOf(t, logs)[task+".stdout.0"] != "x" || len(*complaints) > 0 {
			t.Errorf("%q: files %v, complaints %q", task, contentsOf(t, logs), *complaints)
		}
	}
	alloc, _ := allocDirectory(t)
	log, complaints := logOf(t, alloc, logsPolicy{MaxFiles: 1, MaxFileBytes: 100})
	log.prefix = strings.Repeat("x", 300) + ".stdout."
	log.write([]byte("x"))
	if len(*complaints) != 1 || !strings.Contains((*complaints)[0], "file name too long") {
		t.Errorf("complaints %q", *complaints)
	}
}

func TestFloodedLogDirectoryDoesNotHoldUpTheTask(t *testing.T) {
	alloc, logs := allocDirectory(t)
	for number := range 3 * maxTakenNumbers {
		if err := os.Symlink("x", filepath.Join(logs, fmt.Sprintf("web.stdout.%d", number))); err != nil {
			t.Fatal(err)
		}
	}
	log, complaints := logOf(t, alloc, logsPolicy{MaxFiles: 1, MaxFileBytes: 100})
	for range 4 {
		log.write([]byte("x"))
		log.retryAt = time.Time{}
	}
	if name := fmt.Sprintf("web.stdout.%d", 3*maxTakenNumbers); contentsOf(t, logs)[name] != "x" || len(*complaints) != 1 {
		t.Errorf("%s holds %q, complaints %q", name, contentsOf(t, logs)[name], *complaints)
	}
}
