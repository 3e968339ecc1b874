// What an operation answers: bytes within the client's credit, and frames that say where they are from.
package main

import (
	"encoding/json"
	"sync"
	"syscall"
	"time"
)

// operationOutput is used by one goroutine; credit comes from another.
type operationOutput struct {
	send    func([]byte)
	gone    <-chan struct{}
	mutex   sync.Mutex
	changed *sync.Cond
	credit  int64
	sent    int64
	buffer  []byte
}

func newOperationOutput(send func([]byte), gone <-chan struct{}) *operationOutput {
	output := &operationOutput{send: send, gone: gone, credit: outputWindowBytes}
	output.changed = sync.NewCond(&output.mutex)
	return output
}

// grant adds credit. More than a window of it is a protocolError.
func (o *operationOutput) grant(bytes uint32) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.credit+int64(bytes) > outputWindowBytes {
		return protocolError("more credit was granted than the window holds")
	}
	o.credit += int64(bytes)
	o.changed.Broadcast()
	return nil
}

// wake is called once the client is gone.
func (o *operationOutput) wake() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.changed.Broadcast()
}

func (o *operationOutput) isGone() bool {
	select {
	case <-o.gone:
		return true
	default:
		return false
	}
}

// take waits for credit, and takes as much of it as is wanted and there: at least 1, and at most a frame's worth.
func (o *operationOutput) take(wanted int64) (int64, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for o.credit == 0 && !o.isGone() {
		o.changed.Wait()
	}
	if o.isGone() {
		return 0, errGone
	}
	taken := min(wanted, o.credit, dataChunkBytes)
	o.credit -= taken
	return taken, nil
}

func (o *operationOutput) giveBack(bytes int64) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.credit += bytes
}

func (o *operationOutput) write(data []byte) error {
	for len(data) > 0 {
		taken, err := o.take(int64(len(data)))
		if err != nil {
			return err
		}
		o.send(encodeFrame(frameStdout, data[:taken]))
		o.sent += taken
		data = data[taken:]
	}
	return nil
}

// copyAt sends what the file holds from offset on, at most limit bytes, and returns where it has come to. It reads no more
// than the client has room for.
func (o *operationOutput) copyAt(fd int, offset, limit int64) (int64, error) {
	if o.buffer == nil {
		o.buffer = make([]byte, headerBytes+dataChunkBytes)
	}
	for limit > 0 {
		taken, err := o.take(limit)
		if err != nil {
			return offset, err
		}
		n, err := syscall.Pread(fd, o.buffer[headerBytes:headerBytes+taken], offset)
		n = max(n, 0)
		o.giveBack(taken - int64(n))
		if err == syscall.EINTR {
			continue
		}
		if n == 0 || err != nil {
			return offset, err
		}
		putHeader(o.buffer, frameStdout, n)
		o.send(o.buffer[:headerBytes+n])
		o.sent += int64(n)
		offset += int64(n)
		limit -= int64(n)
	}
	return offset, nil
}

// from says where what follows is from.
func (o *operationOutput) from(file string, offset int64) {
	o.send(encodeJSON(frameFile, fileMessage{File: file, Offset: offset}))
}

// event says what has become of a file.
func (o *operationOutput) event(file string, offset int64, what string) {
	o.send(encodeJSON(frameFile, fileMessage{File: file, Offset: offset, Event: what}))
}

// pause waits a while; it fails once the client is gone.
func (o *operationOutput) pause(wait time.Duration) error {
	select {
	case <-o.gone:
		return errGone
	case <-time.After(wait):
		return nil
	}
}

func sendJSON(output *operationOutput, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return output.write(text)
}
