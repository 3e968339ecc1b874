package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// answer is what an operation sent: its bytes, and where they were from.
type answer struct {
	text  bytes.Buffer
	files []fileMessage
}

// capture is an output whose client takes all at once.
func capture() (*operationOutput, *answer) {
	var said answer
	gone := make(chan struct{})
	var output *operationOutput
	output = newOperationOutput(func(encoded []byte) {
		received, err := newFrameReader(bytes.NewReader(encoded)).next()
		if err != nil {
			panic(err)
		}
		if received.kind == frameFile {
			var message fileMessage
			if err := json.Unmarshal(received.payload, &message); err != nil {
				panic(err)
			}
			said.files = append(said.files, message)
			return
		}
		said.text.Write(received.payload)
		if err := output.grant(uint32(len(received.payload))); err != nil {
			panic(err)
		}
	}, gone)
	return output, &said
}

func TestOperationsThatAreRefused(t *testing.T) {
	for text, why := range map[string]string{
		`{"operation":"run"}`:                                                              `the operation "run" is not known`,
		`{"operation":"fs-stat","path":"a","user":"root"}`:                                 `unknown field "user"`,
		`{"operation":"fs-stat","path":"a\u0000b"}`:                                        "NUL",
		`{"operation":"fs-read","path":"a","offset":-1}`:                                   "negative",
		`{"operation":"fs-read","path":"a","limit":9223372036854775808}`:                   "cannot be read",
		`{"operation":"fs-stream","path":"a","origin":"middle"}`:                           `origin is "middle"`,
		`{"operation":"logs","task":"../x","stream":"stdout"}`:                             "logs are of a task",
		`{"operation":"logs","task":"","stream":"stdout"}`:                                 "logs are of a task",
		`{"operation":"logs","task":"web","stream":"stdin"}`:                               "logs are of a task",
		`{"operation":"logs","task":"w","stream":"stdout","after":{"number":-1}}`:          "negative",
		`{"operation":"stats"}{}`:                                                          "more than one",
		`{"operation":"fs-list","path":"` + strings.Repeat("x", maxOperationPath+1) + `"}`: "too long",
	} {
		if _, err := decodeOperate([]byte(text)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%.80s: %v, want %q", text, err, why)
		}
	}
}

func TestOperationsOverFrames(t *testing.T) {
	directory, logs := withLogs(t, validDocument())
	if err := os.WriteFile(filepath.Join(logs, "web.stdout.0"), bytes.Repeat([]byte("x"), 3_000_000), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Run("output waits for credit, and a ping does not", func(t *testing.T) {
		c := openSessionIn(t, directory)
		c.withheld = true
		c.send(encodeJSON(frameOperate, operateMessage{Operation: operationRead, Path: "alloc/logs/web.stdout.0"}))
		for c.stdout.Len() < outputWindowBytes {
			c.until(frameStdout)
		}
		c.send(encodeFrame(framePing, nil))
		if received := c.next(); received.kind != framePong {
			t.Fatalf("frame 0x%02x comes without credit", byte(received.kind))
		}
		c.withheld = false
		c.grant(streamStdout, outputWindowBytes)
		if message := c.exit(); message.StdoutBytes != 3_000_000 || c.stdout.Len() != 3_000_000 {
			t.Errorf("exit %+v after %d bytes", message, c.stdout.Len())
		}
	})
	t.Run("a follower ends with its client", func(t *testing.T) {
		c := openSessionIn(t, directory)
		c.send(encodeJSON(frameOperate, operateMessage{Operation: operationLogs, Task: "web", Stream: "stdout", Origin: originEnd, Follow: true}))
		c.until(frameFile)
		c.send(encodeFrame(frameHangup, nil))
		if err := c.command.Wait(); err == nil {
			t.Error("it ended as if all had been said")
		}
	})
	t.Run("a refusal has its status", func(t *testing.T) {
		c := openSessionIn(t, directory)
		c.send(encodeJSON(frameOperate, operateMessage{Operation: operationStat, Path: "../x"}))
		if got := c.failure(); got != (errorMessage{Code: "operation-failed", Message: pathEscapes, Status: 400}) {
			t.Errorf("%+v", got)
		}
	})
	t.Run("no command can follow", func(t *testing.T) {
		c := openSessionIn(t, directory)
		c.send(encodeJSON(frameOperate, operateMessage{Operation: operationLogs, Task: "web", Stream: "stdout", Origin: originEnd, Follow: true}))
		c.until(frameFile)
		c.start(startMessage{Argv: []string{"true"}, Policy: policyHangup})
		if got := c.failure(); got.Code != "protocol" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("what it uses is measured", func(t *testing.T) {
		c := openSessionIn(t, directory)
		c.send(encodeJSON(frameOperate, operateMessage{Operation: operationUsage}))
		c.exit()
		var measured taskUsage
		if err := json.Unmarshal([]byte(c.stdout.String()), &measured); err != nil || measured.RSS <= 0 || measured.Timestamp <= 0 {
			t.Errorf("%s: %v", c.stdout.String(), err)
		}
	})
	t.Run("without a first process nothing is restarted", func(t *testing.T) {
		c := openSessionIn(t, directory)
		c.send(encodeJSON(frameOperate, operateMessage{Operation: operationRerun}))
		if got := c.failure(); got.Status != 500 || !strings.Contains(got.Message, "does not answer") {
			t.Errorf("%+v", got)
		}
	})
}

func TestAWorkDirThatIsNotThereIsMade(t *testing.T) {
	root, outside := t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "local"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(root, "local/link")); err != nil {
		t.Fatal(err)
	}
	fd, err := openOrMakeWorkDir(root, "/local/some/dir", nobodyID)
	if err != nil {
		t.Fatal(err)
	}
	syscall.Close(fd)
	if about, err := os.Stat(filepath.Join(root, "local/some/dir")); err != nil || !about.IsDir() || about.Mode().Perm()&0o700 != 0o700 {
		t.Errorf("%v, %v", about, err)
	}
	for _, path := range []string{"/local/link/more", "/local/../../x/" + strings.Repeat("y", 300)} {
		if fd, err := openOrMakeWorkDir(root, path, nobodyID); err == nil {
			syscall.Close(fd)
			t.Errorf("%s is opened", path)
		}
	}
	if made, _ := os.ReadDir(outside); len(made) != 0 {
		t.Errorf("made outside: %v", made)
	}
}
