package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

type vector struct {
	Name  string
	Hex   string
	Frame struct {
		Kind    string
		Message json.RawMessage
		Data    string
		Rows    uint16
		Cols    uint16
		Name    string
		Stream  string
		Bytes   uint32
	}
}

func readVectors(t testing.TB) []vector {
	t.Helper()
	text, err := os.ReadFile("../src/contract/vectors/frames.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors) < 18 {
		t.Fatalf("%d vectors, %v", len(vectors), err)
	}
	return vectors
}

// messageFor is an empty message of the kind that such a frame holds, or nil.
func messageFor(kind frameType) any {
	switch kind {
	case frameHello:
		return &helloMessage{}
	case frameStart:
		return &startMessage{}
	case frameExit:
		return &exitMessage{}
	case frameError:
		return &errorMessage{}
	case frameOperate:
		return &operateMessage{}
	case frameFile:
		return &fileMessage{}
	}
	return nil
}

// encodeVector builds the frame from the vector's description alone.
func encodeVector(t *testing.T, v vector) []byte {
	t.Helper()
	kinds := map[string]frameType{
		"start": frameStart, "stdin": frameStdin, "stdin-close": frameStdinClose, "resize": frameResize,
		"signal": frameSignal, "ping": framePing, "credit": frameCredit, "hangup": frameHangup, "revoke": frameRevoke, "hello": frameHello,
		"stdout": frameStdout, "stderr": frameStderr, "pong": framePong, "exit": frameExit, "error": frameError,
		"operate": frameOperate, "file": frameFile,
	}
	kind := kinds[v.Frame.Kind]
	if message := messageFor(kind); message != nil {
		if err := json.Unmarshal(v.Frame.Message, message); err != nil {
			t.Fatal(err)
		}
		return encodeJSON(kind, message)
	}
	switch kind {
	case frameStdin, frameStdout, frameStderr:
		data, err := hex.DecodeString(v.Frame.Data)
		if err != nil {
			t.Fatal(err)
		}
		return encodeFrame(kind, data)
	case frameResize:
		return encodeFrame(kind, []byte{byte(v.Frame.Rows >> 8), byte(v.Frame.Rows), byte(v.Frame.Cols >> 8), byte(v.Frame.Cols)})
	case frameSignal:
		return encodeFrame(kind, []byte(v.Frame.Name))
	case frameCredit:
		stream := map[string]byte{"stdin": streamStdin, "stdout": streamStdout, "stderr": streamStderr}[v.Frame.Stream]
		return encodeCredit(creditGrant{stream: stream, bytes: v.Frame.Bytes})
	}
	return encodeFrame(kind, nil)
}

func TestFramesAreTheSharedVectors(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			want, err := hex.DecodeString(v.Hex)
			if err != nil {
				t.Fatal(err)
			}
			encoded := encodeVector(t, v)
			if !bytes.Equal(encoded, want) {
				t.Errorf("encodes to %x, want %x", encoded, want)
			}
			for name, source := range map[string]io.Reader{
				"whole": bytes.NewReader(want), "byte by byte": iotest.OneByteReader(bytes.NewReader(want)),
			} {
				checkDecoded(t, name, source, v)
			}
		})
	}
}

func checkDecoded(t *testing.T, name string, source io.Reader, v vector) {
	t.Helper()
	reader := newFrameReader(source)
	received, err := reader.next()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if message := messageFor(received.kind); message != nil {
		wanted := messageFor(received.kind)
		if err := errors.Join(json.Unmarshal(received.payload, message), json.Unmarshal(v.Frame.Message, wanted)); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(message, wanted) {
			t.Errorf("%s: decodes to %+v, want %+v", name, message, wanted)
		}
	}
	switch received.kind {
	case frameResize:
		if rows, cols := received.resizeOf(); rows != v.Frame.Rows || cols != v.Frame.Cols {
			t.Errorf("%s: size %d x %d", name, rows, cols)
		}
	case frameCredit:
		if grant := received.creditOf(); grant.bytes != v.Frame.Bytes {
			t.Errorf("%s: credit %+v", name, grant)
		}
	case frameSignal:
		if string(received.payload) != v.Frame.Name {
			t.Errorf("%s: signal %q", name, received.payload)
		}
	case frameStdin, frameStdout, frameStderr:
		if hex.EncodeToString(received.payload) != v.Frame.Data {
			t.Errorf("%s: data %x", name, received.payload)
		}
	}
	if _, err := reader.next(); err != io.EOF {
		t.Errorf("%s: after the frame comes %v, not the end", name, err)
	}
}

func TestBrokenFramesAreProtocolErrors(t *testing.T) {
	cases := []struct{ name, hex, message string }{
		{"length 0", "00000000ff", "frame length 0 is outside"},
		{"length beyond the limit", "0010000202", "frame length 1048578 is outside"},
		{"the longest length there is", "ffffffff02", "frame length 4294967295 is outside"},
		{"unknown type", "000000017f", "unknown frame type 0x7f"},
		{"short resize", "0000000404000000", "a resize frame has 3 bytes"},
		{"credit for a stream that is none", "00000006070300000001", "a credit frame is"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			encoded, err := hex.DecodeString(c.hex)
			if err != nil {
				t.Fatal(err)
			}
			_, err = newFrameReader(bytes.NewReader(encoded)).next()
			var broken protocolError
			if !errors.As(err, &broken) || !strings.Contains(broken.Error(), c.message) {
				t.Errorf("error %v, want %q", err, c.message)
			}
		})
	}
}

func TestStreamThatEndsWithinAFrameIsNoCleanEnd(t *testing.T) {
	whole := encodeFrame(frameStdin, []byte("hello"))
	for length := 1; length < len(whole); length++ {
		if _, err := newFrameReader(bytes.NewReader(whole[:length])).next(); err != io.ErrUnexpectedEOF {
			t.Errorf("after %d bytes: %v", length, err)
		}
	}
}

func TestStartMessagesThatAreRefused(t *testing.T) {
	cases := []struct{ name, text, message string }{
		{"not JSON", `nope`, "cannot be read"},
		{"array", `[]`, "cannot be read"},
		{"no argv", `{"argv":[],"policy":"hangup"}`, "argv has 0 entries"},
		{"NUL in an argument", `{"argv":["a\u0000b"],"policy":"hangup"}`, "NUL"},
		{"policy unknown", `{"argv":["a"],"policy":"stay"}`, `policy is "stay"`},
		{"size out of range", `{"argv":["a"],"policy":"keep","rows":65536}`, "cannot be read"},
		{"field of a later version", `{"argv":["a"],"policy":"keep","user":"root"}`, `unknown field "user"`},
		{"two objects", `{"argv":["a"],"policy":"keep"}{}`, "more than one"},
		{"too many arguments", `{"argv":["a"` + strings.Repeat(`,"a"`, maxArgv) + `],"policy":"keep"}`, "argv has 4097 entries"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := decodeStart([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("error %v, want %q", err, c.message)
			}
		})
	}
}

// FuzzFrames: whatever comes, the reader ends, and every frame that it gives encodes to the bytes that it came from.
func FuzzFrames(f *testing.F) {
	for _, v := range readVectors(f) {
		encoded, err := hex.DecodeString(v.Hex)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		reader := newFrameReader(iotest.HalfReader(bytes.NewReader(stream)))
		rest := stream
		for {
			received, err := reader.next()
			if err != nil {
				return
			}
			encoded := encodeFrame(received.kind, received.payload)
			if !bytes.HasPrefix(rest, encoded) {
				t.Fatalf("frame %x is not the start of %x", encoded, rest)
			}
			rest = rest[len(encoded):]
			if received.kind == frameStart {
				if message, err := decodeStart(received.payload); err == nil && len(message.Argv) == 0 {
					t.Fatal("a start without a command is accepted")
				}
			}
		}
	})
}
