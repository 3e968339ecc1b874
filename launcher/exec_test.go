package main

import (
	"strings"
	"testing"
)

func TestStreamingWithoutTerminal(t *testing.T) {
	t.Run("stdout and stderr are apart and the exit code is exact", func(t *testing.T) {
		c := startScript(t, "echo out; echo err >&2; exit 43", false)
		message := c.exit()
		if message != (exitMessage{Code: 43, StdoutBytes: 4, StderrBytes: 4}) {
			t.Errorf("exit is %+v", message)
		}
		if c.stdout.String() != "out\n" || c.stderr.String() != "err\n" {
			t.Errorf("stdout %q, stderr %q", c.stdout.String(), c.stderr.String())
		}
	})
	t.Run("output comes while the process runs", func(t *testing.T) {
		c := startScript(t, "for i in 1 2 3; do echo $i; read -r x; done", false)
		for _, line := range []string{"1\n", "2\n", "3\n"} {
			c.untilOutput(line)
			c.sendStdin("\n")
		}
		if message := c.exit(); message.Code != 0 || c.stdout.String() != "1\n2\n3\n" {
			t.Errorf("exit %+v, stdout %q", message, c.stdout.String())
		}
	})
	t.Run("stdin is no terminal", func(t *testing.T) {
		c := startScript(t, "stty size", false)
		message := c.exit()
		if message.Code == 0 || !strings.Contains(c.stderr.String(), "stty: 'standard input': Inappropriate ioctl") {
			t.Errorf("exit %+v, stderr %q", message, c.stderr.String())
		}
	})
	t.Run("stdin reaches the process and ends", func(t *testing.T) {
		c := startScript(t, "cat; echo ended", false)
		c.sendStdin("hello from stdin\n")
		c.untilOutput("hello from stdin\n")
		c.send(encodeFrame(frameStdinClose, nil))
		if message := c.exit(); message.Code != 0 || c.stdout.String() != "hello from stdin\nended\n" {
			t.Errorf("exit %+v, stdout %q", message, c.stdout.String())
		}
	})
	t.Run("children that hold the pipes are not waited for", func(t *testing.T) {
		c := startScript(t, "echo from the leader; sleep 1000 & echo $!", false)
		message := c.exit()
		lines := strings.Fields(c.stdout.String())
		if message.Code != 0 || len(lines) != 4 {
			t.Fatalf("exit %+v, stdout %q", message, c.stdout.String())
		}
		c.endStray(lines[3])
	})
}

func TestStreamingWithTerminal(t *testing.T) {
	t.Run("stderr is folded into stdout and lines end as on a terminal", func(t *testing.T) {
		c := startScript(t, "echo out; echo err >&2; exit 43", true)
		message := c.exit()
		if message != (exitMessage{Code: 43, StdoutBytes: 10}) || c.stdout.String() != "out\r\nerr\r\n" {
			t.Errorf("exit %+v, stdout %q", message, c.stdout.String())
		}
	})
	t.Run("output comes while the process runs", func(t *testing.T) {
		c := startScript(t, "stty -echo; for i in 1 2 3; do echo $i; read -r x; done", true)
		for _, line := range []string{"1\r\n", "2\r\n", "3\r\n"} {
			c.untilOutput(line)
			c.sendStdin("\n")
		}
		if message := c.exit(); message.Code != 0 {
			t.Errorf("exit %+v", message)
		}
	})
	t.Run("the last of several sizes holds", func(t *testing.T) {
		c := startScript(t, "stty size; read -r x; stty size", true)
		c.untilOutput("24 80\r\n")
		for _, size := range [][]byte{{0, 0, 0, 0}, {0, 200, 0, 200}, {0, 100, 0, 100}} {
			c.send(encodeFrame(frameResize, size))
		}
		c.sendStdin("\n")
		if message := c.exit(); message.Code != 0 || !strings.HasSuffix(c.stdout.String(), "100 100\r\n") {
			t.Errorf("exit %+v, stdout %q", message, c.stdout.String())
		}
	})
	t.Run("stdin is echoed, reaches the process and ends", func(t *testing.T) {
		c := startScript(t, "cat; echo ended", true)
		c.sendStdin("hello from stdin\n")
		c.untilOutput("hello from stdin\r\nhello from stdin\r\n")
		c.send(encodeFrame(frameStdinClose, nil))
		if message := c.exit(); message.Code != 0 || !strings.HasSuffix(c.stdout.String(), "ended\r\n") {
			t.Errorf("exit %+v, stdout %q", message, c.stdout.String())
		}
	})
	t.Run("children that hold the terminal are not waited for", func(t *testing.T) {
		c := startScript(t, "trap '' HUP; echo from the leader; sleep 1000 & echo $!", true)
		message := c.exit()
		lines := strings.Fields(c.stdout.String())
		if message.Code != 0 || len(lines) != 4 {
			t.Fatalf("exit %+v, stdout %q", message, c.stdout.String())
		}
		c.endStray(lines[3])
	})
}
