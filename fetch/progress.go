// A line now and then for a download that takes long.
package main

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

const progressEvery = 10 * time.Second

type progress struct {
	received atomic.Int64
	expected atomic.Int64
}

func (p *progress) expect(length int64) { p.expected.Store(length) }

// count passes bytes on and counts them.
func (p *progress) count(from io.Reader) io.Reader { return countingReader{from: from, progress: p} }

type countingReader struct {
	from     io.Reader
	progress *progress
}

func (r countingReader) Read(buffer []byte) (int, error) {
	count, err := r.from.Read(buffer)
	r.progress.received.Add(int64(count))
	return count, err
}

// report writes lines until done is closed. display holds no credentials.
func (p *progress) report(to io.Writer, display string, done <-chan struct{}) {
	ticks := time.NewTicker(progressEvery)
	defer ticks.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticks.C:
			fmt.Fprintln(to, p.line(display))
		}
	}
}

func (p *progress) line(display string) string {
	received, expected := p.received.Load(), p.expected.Load()
	if expected > 0 {
		return fmt.Sprintf("downloading %q: %d of %d MiB", display, received>>20, expected>>20)
	}
	return fmt.Sprintf("downloading %q: %d MiB", display, received>>20)
}
