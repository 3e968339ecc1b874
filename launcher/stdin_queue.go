// What a client has typed and the process has not read yet: a bounded queue between the frame reader, which must never
// wait, and the process, which may.
package main

import (
	"errors"
	"os"
	"sync"
)

var errWindowExceeded = protocolError("more stdin was sent than the window allows")

// stdinQueue holds at most stdinWindowBytes, counting what was received and not yet granted again as credit.
type stdinQueue struct {
	mutex   sync.Mutex
	changed *sync.Cond
	pending []byte
	spare   []byte
	// owed is what was received since the last grant that covers it.
	owed   int
	closed bool
}

func newStdinQueue() *stdinQueue {
	queue := &stdinQueue{}
	queue.changed = sync.NewCond(&queue.mutex)
	return queue
}

// push copies data. Too much of it is a protocolError, and so is any after the end.
func (q *stdinQueue) push(data []byte) error {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.closed {
		return protocolError("stdin was sent after stdin-close")
	}
	if q.owed+len(data) > stdinWindowBytes {
		return errWindowExceeded
	}
	q.owed += len(data)
	q.pending = append(q.pending, data...)
	q.changed.Signal()
	return nil
}

func (q *stdinQueue) closeInput() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.closed = true
	q.changed.Signal()
}

// take waits for data and hands all of it over, in exchange for the buffer of the last call. It reports false at the end.
func (q *stdinQueue) take() ([]byte, bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for len(q.pending) == 0 {
		if q.closed {
			return nil, false
		}
		q.changed.Wait()
	}
	taken := q.pending
	q.pending, q.spare = q.spare[:0], taken
	return taken, true
}

// settle takes bytes off what is owed, and says whether nothing waits behind them.
func (q *stdinQueue) settle(bytes int) (empty bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.owed -= bytes
	return len(q.pending) == 0
}

// stdinFeeder writes the queue to the process, in pieces, and grants the client new credit for what is written: by the
// half window, and whenever nothing is left to write.
type stdinFeeder struct {
	queue    *stdinQueue
	sink     *os.File
	terminal bool
	grant    func(bytes int)
}

// feed returns when the client has closed stdin and all is written. A process that has closed its end loses the data;
// the client gets its credit all the same, so that it never waits for a reader that is gone.
func (f stdinFeeder) feed() {
	ungranted, dropping := 0, false
	lineOpen := false
	for {
		data, more := f.queue.take()
		if !more {
			break
		}
		lineOpen = data[len(data)-1] != '\n'
		for len(data) > 0 {
			piece := data[:min(len(data), stdinWindowBytes/2)]
			data = data[len(piece):]
			if !dropping {
				_, err := f.sink.Write(piece)
				dropping = err != nil
			}
			ungranted += len(piece)
			ungranted = f.grantWhenDue(ungranted, len(data) == 0)
		}
	}
	if !dropping {
		f.end(lineOpen)
	}
}

// grantWhenDue takes granted bytes off the queue's books before the client can know of them.
func (f stdinFeeder) grantWhenDue(ungranted int, lastPiece bool) int {
	empty := f.queue.settle(0) && lastPiece
	if ungranted < stdinWindowBytes/2 && !empty {
		return ungranted
	}
	f.queue.settle(ungranted)
	f.grant(ungranted)
	return 0
}

// end half-closes a pipe. A terminal gets its end-of-file character: twice after an unfinished line, because the first
// one then only hands the line over.
func (f stdinFeeder) end(lineOpen bool) {
	if !f.terminal {
		_ = f.sink.Close() // the process may have closed its end first, and then there is nothing to end
		return
	}
	ending := []byte{endOfTransmission}
	if lineOpen {
		ending = append(ending, endOfTransmission)
	}
	if _, err := f.sink.Write(ending); err != nil && !errors.Is(err, os.ErrClosed) {
		return // the terminal is gone: its process has ended, which the session reports by itself
	}
}
