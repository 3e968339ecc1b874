// Output of a session's process: read within the client's credit, sent as frames, counted.
package main

import (
	"errors"
	"os"
	"sync"
	"time"
)

// A terminal holds far less than this; the bound ends the last reading when something writes on without an end.
const maxTerminalRestBytes = 1024 * 1024

type pumpMode int

const (
	pumpSending pumpMode = iota
	pumpDiscarding
	pumpStopped
)

// outputPump moves one stream. Its credit may be granted before it runs.
type outputPump struct {
	kind     frameType
	mutex    sync.Mutex
	changed  *sync.Cond
	credit   int64
	mode     pumpMode
	source   *os.File
	sourceFD int
	terminal bool
	sent     int64
	done     chan struct{}
}

func newOutputPump(kind frameType) *outputPump {
	pump := &outputPump{kind: kind, credit: outputWindowBytes, done: make(chan struct{})}
	pump.changed = sync.NewCond(&pump.mutex)
	return pump
}

// grant adds credit. More than a window of it is a protocolError.
func (p *outputPump) grant(bytes uint32) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.credit+int64(bytes) > outputWindowBytes {
		return protocolError("more credit was granted than the window holds")
	}
	p.credit += int64(bytes)
	p.changed.Broadcast()
	return nil
}

func (p *outputPump) setMode(mode pumpMode) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.mode = mode
	p.changed.Broadcast()
}

// allowance waits for credit, and is at most one chunk. It is 0 when the pump is to stop.
func (p *outputPump) allowance() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for p.mode == pumpSending && p.credit == 0 {
		p.changed.Wait()
	}
	switch p.mode {
	case pumpStopped:
		return 0
	case pumpDiscarding:
		return dataChunkBytes
	}
	return int(min(p.credit, dataChunkBytes))
}

// spend books what was read, and says whether it is to be sent.
func (p *outputPump) spend(bytes int) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.mode != pumpSending {
		return false
	}
	p.credit -= int64(bytes)
	p.sent += int64(bytes)
	return true
}

// run ends at the end of the stream, or after finish, when what was in it then has been sent.
func (p *outputPump) run(send func([]byte)) {
	defer close(p.done)
	buffer := make([]byte, headerBytes+dataChunkBytes)
	for {
		more, err := p.step(buffer, dataChunkBytes, send)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			p.sendRest(buffer, send)
			return
		}
		if !more || err != nil {
			return
		}
	}
}

// step moves one chunk of at most limit bytes and reports false when the pump is to stop.
func (p *outputPump) step(buffer []byte, limit int, send func([]byte)) (bool, error) {
	allowed := p.allowance()
	if allowed == 0 {
		return false, nil
	}
	n, err := p.source.Read(buffer[headerBytes : headerBytes+min(allowed, limit)])
	if n > 0 && p.spend(n) {
		putHeader(buffer, p.kind, n)
		send(buffer[:headerBytes+n])
	}
	return true, err
}

// finish makes run return after what the stream holds at this moment: the leader has ended, and children that still hold
// the stream are not waited for. A closed source has nothing more to say.
func (p *outputPump) finish() {
	_ = p.source.SetReadDeadline(time.Unix(1, 0))
}

func (p *outputPump) sendRest(buffer []byte, send func([]byte)) {
	if err := p.source.SetReadDeadline(time.Time{}); err != nil {
		return
	}
	rest := readableBytes(p.sourceFD)
	if p.terminal {
		rest = maxTerminalRestBytes
	}
	for rest > 0 && (!p.terminal || hasInput(p.sourceFD)) {
		before := p.sent
		more, err := p.step(buffer, int(min(rest, dataChunkBytes)), send)
		if !more || err != nil {
			return
		}
		rest -= max(p.sent-before, 1)
	}
}
