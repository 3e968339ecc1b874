package nomadapi

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

func nested(depth int) string {
	return strings.Repeat("[", depth) + strings.Repeat("]", depth)
}

func stdinFrame(data string) string {
	return fmt.Sprintf(`{"stdin":{"data":"%s"}}`, base64.StdEncoding.EncodeToString([]byte(data)))
}

const stdinClose = `{"stdin":{"close":true}}`

// TestRawFrames breaks the protocol in the middle of a session. The session is closed, with a reason; nothing else is disturbed.
func TestRawFrames(t *testing.T) {
	to := theTarget(t)
	for name, each := range map[string]struct {
		kind  int
		frame string
		code  int
		text  string
	}{
		"a frame that is not JSON":              {websocket.TextMessage, "hello", websocket.ClosePolicyViolation, "frame is not JSON: …"},
		"a frame that is cut off":               {websocket.TextMessage, `{"stdin":{"da`, websocket.ClosePolicyViolation, "frame is not JSON: …"},
		"an empty frame":                        {websocket.TextMessage, "", websocket.ClosePolicyViolation, "frame is not JSON: …"},
		"a frame that is an array":              {websocket.TextMessage, "[]", websocket.ClosePolicyViolation, "frame is not a JSON object"},
		"a frame that is a number":              {websocket.TextMessage, "7", websocket.ClosePolicyViolation, "frame is not a JSON object"},
		"a frame nested 100,000 deep":           {websocket.TextMessage, nested(100_000), websocket.ClosePolicyViolation, "frame is not …"},
		"stdin that is no object":               {websocket.TextMessage, `{"stdin":"data"}`, websocket.ClosePolicyViolation, "stdin is not …"},
		"stdin data that is not base64":         {websocket.TextMessage, `{"stdin":{"data":"###"}}`, websocket.ClosePolicyViolation, "stdin.data is not base64"},
		"stdin data in the URL's base64":        {websocket.TextMessage, `{"stdin":{"data":"_-_-"}}`, websocket.ClosePolicyViolation, "stdin.data is not base64"},
		"stdin data that is a list":             {websocket.TextMessage, `{"stdin":{"data":[104,105]}}`, websocket.ClosePolicyViolation, "stdin.data is not …"},
		"a size below zero":                     {websocket.TextMessage, `{"tty_size":{"height":-1,"width":80}}`, websocket.ClosePolicyViolation, "tty_size must hold …"},
		"a size above what a terminal can have": {websocket.TextMessage, `{"tty_size":{"height":24,"width":65536}}`, websocket.ClosePolicyViolation, "tty_size must hold …"},
		"a size that is no whole number":        {websocket.TextMessage, `{"tty_size":{"height":2.5,"width":80}}`, websocket.ClosePolicyViolation, "tty_size must hold …"},
		"a binary frame":                        {websocket.BinaryMessage, stdinFrame("x"), websocket.ClosePolicyViolation, "binary frames are not …"},
	} {
		t.Run(name, func(t *testing.T) {
			s := dialSession(t, to, true, "sh", "-c", "echo ready; cat")
			s.waitForOutput(t, "ready")
			s.WriteMessage(each.kind, []byte(each.frame))
			wantClose(t, s.untilEnd(), each.code, each.text)
		})
	}
	t.Run("a frame of 16 MiB", func(t *testing.T) {
		s := dialSession(t, to, false, "sh", "-c", "echo ready; cat")
		s.waitForOutput(t, "ready")
		s.say(stdinFrame(strings.Repeat("x", 16*mebibyte)))
		// The server may cut the connection while the frame is still on its way: then there is no close frame to be read.
		got := s.untilEnd()
		var network net.Error
		waited := errors.As(got.err, &network) && network.Timeout()
		if got.err == nil || waited || got.stdout != "" {
			t.Fatalf("got %v after %d bytes of output, want the server to end the session", got.err, len(got.stdout))
		}
	})
	wantServing(t, to)
}

// TestRawTolerance sends what is odd and yet no fault: the session goes on to its end.
func TestRawTolerance(t *testing.T) {
	to := theTarget(t)
	t.Run("a member that nobody knows is ignored", func(t *testing.T) {
		s := dialSession(t, to, false, "cat")
		s.say(`{"spaceship":{"data":` + nested(1000) + `},"stdin":{"data":"aGk="}}`)
		s.say(stdinClose)
		wantEnding(t, s.untilEnd(), ending{stdout: "hi"})
	})
	t.Run("members that are null are ignored", func(t *testing.T) {
		s := dialSession(t, to, false, "cat")
		s.say(`{"stdin":null,"tty_size":null}`)
		s.say(`{"stdin":{"data":null,"close":null}}`)
		s.say(stdinFrame("hi"))
		s.say(stdinClose)
		wantEnding(t, s.untilEnd(), ending{stdout: "hi"})
	})
	t.Run("data and close may come in one frame", func(t *testing.T) {
		s := dialSession(t, to, false, "cat")
		s.say(`{"stdin":{"data":"aGk=","close":true}}`)
		wantEnding(t, s.untilEnd(), ending{stdout: "hi"})
	})
	t.Run("stdin after its end is dropped", func(t *testing.T) {
		s := dialSession(t, to, false, "sh", "-c", "cat; exit 6")
		for _, frame := range []string{stdinFrame("before"), stdinClose, stdinFrame("after"), stdinClose, `{"tty_size":{"height":1,"width":1}}`, "{}"} {
			s.say(frame)
		}
		wantEnding(t, s.untilEnd(), ending{stdout: "before", code: 6})
	})
	t.Run("frames sent before the process runs are not lost", func(t *testing.T) {
		s := dialSession(t, to, true, "sh", "-c", `until [ "$(stty size)" = "33 44" ]; do sleep 0.1; done; exit 6`)
		s.say(`{"tty_size":{"height":33,"width":44}}`)
		wantEnding(t, s.untilEnd(), ending{code: 6})
	})
	t.Run("a size of 0 keeps the one before", func(t *testing.T) {
		s := dialSession(t, to, true, "sh", "-c", "echo ready; read go; stty size")
		s.waitForOutput(t, "ready")
		s.say(`{"tty_size":{"height":33,"width":44}}`)
		s.say(`{"tty_size":{"height":0,"width":0}}`)
		s.say(`{"tty_size":{}}`)
		s.say(stdinFrame("go\n"))
		wantEnding(t, s.untilEnd(), ending{stdout: "go\r\n33 44\r\n"})
	})
	t.Run("10,000 resizes at once end with the last one", func(t *testing.T) {
		s := dialSession(t, to, true, "sh", "-c", "echo ready; read go; stty size")
		s.waitForOutput(t, "ready")
		for i := range 10_000 {
			s.say(fmt.Sprintf(`{"tty_size":{"height":%d,"width":%d}}`, 1+i%1000, 1+i%500))
		}
		s.say(`{"tty_size":{"height":55,"width":66}}`)
		s.say(stdinFrame("go\n"))
		wantEnding(t, s.untilEnd(), ending{stdout: "go\r\n55 66\r\n"})
	})
	t.Run("10,000 heartbeats at once do no harm", func(t *testing.T) {
		s := dialSession(t, to, false, "cat")
		for range 10_000 {
			s.say("{}")
		}
		s.say(stdinFrame("hi"))
		s.say(stdinClose)
		wantEnding(t, s.untilEnd(), ending{stdout: "hi"})
	})
	t.Run("stdin byte by byte arrives in order", func(t *testing.T) {
		s := dialSession(t, to, false, "cat")
		want := strings.Repeat("0123456789", 300)
		for _, char := range want {
			s.say(stdinFrame(string(char)))
		}
		s.say(stdinClose)
		wantEnding(t, s.untilEnd(), ending{stdout: want})
	})
	t.Run("1 MiB of stdin in one frame, in fragments, arrives whole", func(t *testing.T) {
		s := dialSession(t, to, false, "sha256sum")
		data := strings.Repeat("0123456789abcdef", mebibyte/16)
		s.say(stdinFrame(data))
		s.say(stdinClose)
		wantEnding(t, s.untilEnd(), ending{stdout: fmt.Sprintf("%x  -\n", sha256.Sum256([]byte(data)))})
	})
	t.Run("a ping is answered while a session is quiet", func(t *testing.T) {
		s := dialSession(t, to, false, "cat")
		ponged := false
		s.SetPongHandler(func(string) error {
			ponged = true
			s.say(stdinClose)
			return nil
		})
		s.WriteMessage(websocket.PingMessage, []byte("are you there"))
		wantEnding(t, s.untilEnd(), ending{})
		if !ponged {
			t.Fatal("the session ended before the ping was answered")
		}
	})
	wantServing(t, to)
}
