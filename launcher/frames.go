// The frames that bridge and launcher speak on the stdin and stdout of `launcher exec`: a codec without sessions.
// Twin of src/contract/frames.ts; both sides test against src/contract/vectors/frames.json.
//
// A frame is: uint32 big-endian length of what follows (type byte and payload), one type byte, payload.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

const (
	protocolVersion   = 1
	stdinWindowBytes  = 1024 * 1024
	outputWindowBytes = 1024 * 1024
	maxPayloadBytes   = 1024 * 1024
	headerBytes       = 5
	// Every hop on the way moves 32 KiB at a time: a frame that is just as long with its header arrives in one piece.
	dataChunkBytes = 32*1024 - headerBytes
	maxArgv        = 4096
)

type frameType byte

const (
	frameStart      frameType = 0x01
	frameStdin      frameType = 0x02
	frameStdinClose frameType = 0x03
	frameResize     frameType = 0x04
	frameSignal     frameType = 0x05
	framePing       frameType = 0x06
	frameCredit     frameType = 0x07
	frameHangup     frameType = 0x08
	frameRevoke     frameType = 0x09
	frameOperate    frameType = 0x0a
	frameHello      frameType = 0x81
	frameStdout     frameType = 0x82
	frameStderr     frameType = 0x83
	framePong       frameType = 0x85
	frameExit       frameType = 0x86
	frameError      frameType = 0x87
	frameFile       frameType = 0x88
)

// Stream numbers of a credit frame.
const (
	streamStdin  byte = 0
	streamStdout byte = 1
	streamStderr byte = 2
)

// What becomes of a session's processes when its client goes first.
const (
	policyHangup = "hangup"
	policyKill   = "kill"
	policyKeep   = "keep"
)

type helloMessage struct {
	Version int    `json:"version"`
	PodUID  string `json:"podUid"`
	// Operations are those that an operate frame may ask for.
	Operations []string `json:"operations,omitempty"`
}

type startMessage struct {
	Argv   []string `json:"argv"`
	TTY    bool     `json:"tty"`
	Rows   uint16   `json:"rows"`
	Cols   uint16   `json:"cols"`
	Policy string   `json:"policy"`
}

type exitMessage struct {
	Code        int    `json:"code"`
	Signal      string `json:"signal,omitempty"`
	StdoutBytes int64  `json:"stdoutBytes"`
	StderrBytes int64  `json:"stderrBytes"`
}

type errorMessage struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	// Status is Nomad's own for an operation that failed.
	Status int `json:"status,omitempty"`
}

// fileMessage says where the output behind it is from, or what has become of the file.
type fileMessage struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	Event  string `json:"event,omitempty"`
}

type creditGrant struct {
	stream byte
	bytes  uint32
}

// frame is one frame as it came: the payload is a view that lives until the next read.
type frame struct {
	kind    frameType
	payload []byte
}

// protocolError says that the peer does not speak this protocol; nothing after it can be trusted.
type protocolError string

func (e protocolError) Error() string { return string(e) }

// putHeader writes the header of a frame into the first headerBytes of buf, so that data sent behind it is not copied.
func putHeader(buf []byte, kind frameType, payloadBytes int) {
	binary.BigEndian.PutUint32(buf, uint32(payloadBytes+1))
	buf[4] = byte(kind)
}

func encodeFrame(kind frameType, payload []byte) []byte {
	encoded := make([]byte, headerBytes+len(payload))
	putHeader(encoded, kind, len(payload))
	copy(encoded[headerBytes:], payload)
	return encoded
}

// encodeJSON is a frame whose payload is message as JSON, without the escapes for HTML that Go adds by itself.
func encodeJSON(kind frameType, message any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(message); err != nil {
		panic(fmt.Sprintf("message of frame 0x%02x cannot be JSON: %v", byte(kind), err))
	}
	return encodeFrame(kind, bytes.TrimSuffix(text.Bytes(), []byte("\n")))
}

func encodeCredit(grant creditGrant) []byte {
	payload := make([]byte, 5)
	payload[0] = grant.stream
	binary.BigEndian.PutUint32(payload[1:], grant.bytes)
	return encodeFrame(frameCredit, payload)
}

// frameReader cuts a byte stream into frames. Its buffer grows to the longest frame seen, at most maxPayloadBytes.
type frameReader struct {
	source     io.Reader
	buffer     []byte
	start, end int
}

func newFrameReader(source io.Reader) *frameReader {
	return &frameReader{source: source, buffer: make([]byte, 2*(headerBytes+dataChunkBytes))}
}

// next returns io.EOF at the end of the stream between two frames, io.ErrUnexpectedEOF within one,
// and a protocolError when the peer sends what is no frame.
func (r *frameReader) next() (frame, error) {
	if err := r.fill(headerBytes); err != nil {
		return frame{}, err
	}
	length := int64(binary.BigEndian.Uint32(r.buffer[r.start:]))
	if length == 0 || length > maxPayloadBytes+1 {
		return frame{}, protocolError(fmt.Sprintf("frame length %d is outside 1..%d", length, maxPayloadBytes+1))
	}
	if err := r.fill(4 + int(length)); err != nil {
		return frame{}, noCleanEnd(err)
	}
	whole := r.buffer[r.start : r.start+4+int(length)]
	r.start += len(whole)
	received := frame{kind: frameType(whole[4]), payload: whole[headerBytes:]}
	return received, checkShape(received)
}

// fill makes at least wanted bytes available from start on.
func (r *frameReader) fill(wanted int) error {
	if r.end-r.start >= wanted {
		return nil
	}
	r.makeRoom(wanted)
	for r.end-r.start < wanted {
		n, err := r.source.Read(r.buffer[r.end:])
		r.end += n
		if err == nil || r.end-r.start >= wanted {
			continue
		}
		if r.end > r.start {
			return noCleanEnd(err)
		}
		return err
	}
	return nil
}

func (r *frameReader) makeRoom(wanted int) {
	target := r.buffer
	if wanted > len(target) {
		target = make([]byte, wanted)
	}
	r.end = copy(target, r.buffer[r.start:r.end])
	r.start = 0
	r.buffer = target
}

func noCleanEnd(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// checkShape refuses unknown types and payloads of the wrong length; the contents of JSON are the receiver's to check.
func checkShape(received frame) error {
	length := len(received.payload)
	switch received.kind {
	case frameStart, frameOperate, frameHello, frameExit, frameError, frameFile, frameStdin, frameStdout, frameStderr, frameSignal:
		return nil
	case frameStdinClose, framePing, framePong, frameHangup, frameRevoke:
		return nil
	case frameResize:
		if length != 4 {
			return protocolError(fmt.Sprintf("a resize frame has %d bytes, not 4", length))
		}
		return nil
	case frameCredit:
		if length != 5 || received.payload[0] > streamStderr {
			return protocolError("a credit frame is one stream byte (0, 1 or 2) and four bytes of count")
		}
		return nil
	}
	return protocolError(fmt.Sprintf("unknown frame type 0x%02x", byte(received.kind)))
}

// resizeOf is the terminal size of a resize frame.
func (f frame) resizeOf() (rows, cols uint16) {
	return binary.BigEndian.Uint16(f.payload), binary.BigEndian.Uint16(f.payload[2:])
}

func (f frame) creditOf() creditGrant {
	return creditGrant{stream: f.payload[0], bytes: binary.BigEndian.Uint32(f.payload[1:])}
}

// decodeStart reads and checks the message that opens a session. A field it does not know is refused: it could be one
// (a user, a directory) that must not be silently left out.
func decodeStart(payload []byte) (startMessage, error) {
	var message startMessage
	if err := decodeWhole("start", payload, &message); err != nil {
		return message, err
	}
	return message, checkStart(message)
}

func decodeWhole(name string, payload []byte, message any) error {
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(message); err != nil {
		return protocolError(fmt.Sprintf("the %s frame cannot be read: %v", name, err))
	}
	if _, err := decoder.Token(); err != io.EOF {
		return protocolError(fmt.Sprintf("the %s frame holds more than one JSON object", name))
	}
	return nil
}

func checkStart(message startMessage) error {
	if len(message.Argv) == 0 || len(message.Argv) > maxArgv {
		return protocolError(fmt.Sprintf("argv has %d entries, outside 1..%d", len(message.Argv), maxArgv))
	}
	for _, argument := range message.Argv {
		if strings.IndexByte(argument, 0) >= 0 {
			return protocolError("an argument holds a NUL byte")
		}
	}
	if !isPolicy(message.Policy) {
		return protocolError(fmt.Sprintf("policy is %q; it must be hangup, kill or keep", message.Policy))
	}
	return nil
}

func isPolicy(name string) bool {
	return name == policyHangup || name == policyKill || name == policyKeep
}
