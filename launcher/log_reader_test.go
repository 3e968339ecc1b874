package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

// threeFiles are the logs of a task, rotated twice, the first of them removed: 4 + 6 + 3 bytes.
func threeFiles(t *testing.T) (alloc string) {
	t.Helper()
	needRoot(t)
	alloc = t.TempDir()
	if err := os.Mkdir(filepath.Join(alloc, "logs"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"web.stdout.1": "aaa\n", "web.stdout.2": "bbbbb\n", "web.stdout.10": "cc\n", "web.stderr.0": "err\n", "web2.stdout.0": "other"} {
		putLog(t, alloc, name, text)
	}
	return alloc
}

func putLog(t *testing.T, alloc, name, text string) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(alloc, "logs", name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func readerOf(alloc, stream string, output *operationOutput) *logReader {
	return &logReader{log: newRotatedLog(alloc, "web", stream, logsPolicy{MaxFiles: 10, MaxFileBytes: 1024}), output: output}
}

func TestOffsetsCountOverAllFiles(t *testing.T) {
	alloc := threeFiles(t)
	for _, c := range []struct {
		offset int64
		origin string
		want   string
		first  fileMessage
	}{
		{0, originStart, "aaa\nbbbbb\ncc\n", fileMessage{File: "web.stdout.1"}},
		{0, "", "aaa\nbbbbb\ncc\n", fileMessage{File: "web.stdout.1"}},
		{2, originStart, "a\nbbbbb\ncc\n", fileMessage{File: "web.stdout.1", Offset: 2}},
		{4, originStart, "bbbbb\ncc\n", fileMessage{File: "web.stdout.2"}},
		{11, originStart, "c\n", fileMessage{File: "web.stdout.10", Offset: 1}},
		{13, originStart, "", fileMessage{File: "web.stdout.10", Offset: 3}},
		{1 << 50, originStart, "", fileMessage{File: "web.stdout.10", Offset: 3}},
		{0, originEnd, "", fileMessage{File: "web.stdout.10", Offset: 3}},
		{2, originEnd, "c\n", fileMessage{File: "web.stdout.10", Offset: 1}},
		{3, originEnd, "cc\n", fileMessage{File: "web.stdout.10"}},
		{5, originEnd, "b\ncc\n", fileMessage{File: "web.stdout.2", Offset: 4}},
		{13, originEnd, "aaa\nbbbbb\ncc\n", fileMessage{File: "web.stdout.1"}},
		{1 << 50, originEnd, "aaa\nbbbbb\ncc\n", fileMessage{File: "web.stdout.1"}},
	} {
		output, said := capture()
		err := readerOf(alloc, "stdout", output).run(operateMessage{Task: "web", Stream: "stdout", Offset: c.offset, Origin: c.origin})
		if err != nil || said.text.String() != c.want || said.files[0] != c.first {
			t.Errorf("%d from the %s: %q from %+v, %v", c.offset, c.origin, said.text.String(), said.files, err)
		}
	}
}

func TestEachFileSaysWhereItsBytesAreFrom(t *testing.T) {
	output, said := capture()
	if err := readerOf(threeFiles(t), "stdout", output).run(operateMessage{Offset: 1, Origin: originStart}); err != nil {
		t.Fatal(err)
	}
	want := []fileMessage{{File: "web.stdout.1", Offset: 1}, {File: "web.stdout.2"}, {File: "web.stdout.10"}}
	if !reflect.DeepEqual(said.files, want) {
		t.Errorf("%+v", said.files)
	}
}

func TestReadingGoesOnWhereItWas(t *testing.T) {
	for after, want := range map[logPosition]string{
		{Number: 1, Offset: 3}: "\nbbbbb\ncc\n", {Number: 2, Offset: 6}: "cc\n", {Number: 3, Offset: 5}: "cc\n", {Number: 0, Offset: 9}: "aaa\nbbbbb\ncc\n",
		{Number: 10, Offset: 3}: "", {Number: 11, Offset: 0}: "",
	} {
		output, said := capture()
		if err := readerOf(threeFiles(t), "stdout", output).run(operateMessage{After: &after}); err != nil || said.text.String() != want {
			t.Errorf("after %+v: %q, %v", after, said.text.String(), err)
		}
	}
}

func TestNoLogsAreAnAnswerOfTheirOwn(t *testing.T) {
	alloc := threeFiles(t)
	output, _ := capture()
	reader := &logReader{log: newRotatedLog(alloc, "db", "stdout", logsPolicy{MaxFiles: 1, MaxFileBytes: 1}), output: output}
	want := operationError{status: 404, text: `log entry for task "db" and log type "stdout" not found`}
	if err := reader.run(operateMessage{Task: "db", Stream: "stdout"}); !reflect.DeepEqual(err, want) {
		t.Errorf("%v", err)
	}
}

// TestLogsThatATaskHasPutThere: nothing that its own launcher would not have written is taken for a log.
func TestLogsThatATaskHasPutThere(t *testing.T) {
	alloc := threeFiles(t)
	logs := filepath.Join(alloc, "logs")
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(logs, "web.stdout.11")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(logs, "web.stdout.12"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(secret, filepath.Join(logs, "web.stdout.13")); err != nil && !os.IsPermission(err) {
		t.Logf("no link is tried: %v", err)
	}
	output, said := capture()
	for number := int64(11); number <= 13; number++ {
		// As if it had been put there between the listing and the opening.
		swapped := readerOf(alloc, "stdout", output)
		if swapped.open(number); swapped.opened {
			t.Errorf("%d was opened", number)
		}
	}
	if err := readerOf(alloc, "stdout", output).run(operateMessage{}); err != nil || said.text.String() != "aaa\nbbbbb\ncc\n" {
		t.Errorf("%q, %v", said.text.String(), err)
	}
	if err := os.Rename(logs, logs+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(logs+".away", logs); err != nil {
		t.Fatal(err)
	}
	if err := readerOf(alloc, "stdout", output).run(operateMessage{Task: "web", Stream: "stdout"}); err == nil {
		t.Error("a link in the place of the directory was followed")
	}
}

// TestAFollowerLosesNothingOverRotations writes as the launcher does, with files removed behind the reader.
func TestAFollowerLosesNothingOverRotations(t *testing.T) {
	directory, logs := withLogs(t, validDocument())
	writer := newRotatedLog(filepath.Dir(logs), "web", "stdout", logsPolicy{MaxFiles: 4, MaxFileBytes: 50_000})
	writer.write([]byte("before\n"))
	c := openSessionIn(t, directory)
	c.send(encodeJSON(frameOperate, operateMessage{Operation: operationLogs, Task: "web", Stream: "stdout", Follow: true}))
	c.untilOutput("before\n")
	var want strings.Builder
	want.WriteString("before\n")
	for round := range 8 {
		for line := range 3000 {
			text := fmt.Sprintf("round %d line %d of the task's output\n", round, line)
			writer.write([]byte(text))
			want.WriteString(text)
		}
		c.untilOutput(fmt.Sprintf("round %d line 2999 ", round))
	}
	if c.stdout.String() != want.String() {
		t.Errorf("%d bytes of %d have come", c.stdout.Len(), want.Len())
	}
	if names := contentsOf(t, logs); len(names) > 4 {
		t.Errorf("%d files: nothing was removed", len(names))
	}
}

func TestAFollowerOfNothingGetsWhatComes(t *testing.T) {
	directory, logs := withLogs(t, validDocument())
	c := openSessionIn(t, directory)
	c.send(encodeJSON(frameOperate, operateMessage{Operation: operationLogs, Task: "web", Stream: "stdout", Follow: true}))
	c.until(frameFile)
	putLog(t, filepath.Dir(logs), "web.stdout.0", "first\n")
	c.untilOutput("first\n")
}

func TestAStreamSaysWhatBecomesOfItsFile(t *testing.T) {
	directory, logs := withLogs(t, validDocument())
	path := filepath.Join(logs, "file")
	if err := os.WriteFile(path, []byte("0123456789"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := openSessionIn(t, directory)
	c.send(encodeJSON(frameOperate, operateMessage{Operation: operationStream, Path: "alloc/logs/file", Offset: 4, Origin: originEnd, Follow: true}))
	c.untilOutput("6789")
	putLog(t, filepath.Dir(logs), "file", "abc")
	c.untilOutput("6789abc")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if got := string(c.until(frameFile).payload); !strings.Contains(got, eventTruncated) {
		t.Errorf("%s", got)
	}
	putLog(t, filepath.Dir(logs), "file", "new")
	c.untilOutput("6789abcnew")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := string(c.until(frameFile).payload); !strings.Contains(got, eventDeleted) {
		t.Errorf("%s", got)
	}
	c.exit()
}

func TestALauncherThatOnlyHoldsSaysTheEndAgain(t *testing.T) {
	document := shell("head -c 300000 /dev/zero | tr '\\0' x; echo out; echo err >&2; exit 9")
	document.Restart.Attempts = 0
	directory, _ := withLogs(t, document)
	if code := startRun(t, directory).exitCode(); code != exitNoRestart {
		t.Fatalf("exit code %d", code)
	}
	after := startRun(t, directory)
	eventually(t, "the end is said again", func() bool { return strings.HasSuffix(after.stdout(), "xout\n") && after.complaint() == "err\n" })
	if got := len(after.stdout()); got != replayedBytes {
		t.Errorf("%d bytes were said again", got)
	}
}

// TestAFollowerHearsTheLastWords has a task that says them and is gone at once, many times: each must get through.
func TestAFollowerHearsTheLastWords(t *testing.T) {
	document := shell("echo first; read -r word < \"$FIFO\"; echo last words; exit 9")
	document.TaskEnv = map[string]string{"FIFO": fifoOf(t)}
	document.Restart.Attempts = 1000
	directory, _ := withLogs(t, document)
	for round := range 5 {
		r := startRun(t, directory)
		r.untilStdout("first")
		c := openSessionIn(t, directory)
		c.send(encodeJSON(frameOperate, operateMessage{Operation: operationLogs, Task: "web", Stream: "stdout", Origin: originEnd, Follow: true}))
		c.until(frameFile)
		ended := make(chan struct{})
		go func() { <-r.ended; close(ended) }()
		if err := os.WriteFile(document.TaskEnv["FIFO"], []byte("go\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		c.exit()
		c.input.Close()
		<-ended
		if got := c.stdout.String(); got != "last words\n" {
			t.Fatalf("round %d: %q", round, got)
		}
	}
}

func TestTheFirstProcessWaitsForNoFollowerForLong(t *testing.T) {
	document := shell("echo first; read -r word < \"$FIFO\"; exit 7")
	document.TaskEnv = map[string]string{"FIFO": fifoOf(t)}
	directory, _ := withLogs(t, document)
	r := startRun(t, directory)
	r.untilStdout("first")
	c := openSessionIn(t, directory)
	c.withheld = true
	c.send(encodeJSON(frameOperate, operateMessage{Operation: operationLogs, Task: "web", Stream: "stdout", Origin: originEnd, Follow: true}))
	c.until(frameFile)
	if err := c.command.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(document.TaskEnv["FIFO"], []byte("go\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code := r.exitCode(); code != 7 {
		t.Errorf("exit code %d", code)
	}
}
