// From the task's two pipes to its log files and to the container's own stdout and stderr.
package main

import (
	"errors"
	"os"
	"syscall"
	"time"
)

const (
	outputBufferBytes = 64 * 1024
	drainPatience     = 10 * time.Second
	betweenWriteTries = 10 * time.Millisecond
)

// outputStream is one of the two for the life of the launcher.
type outputStream struct {
	container int
	log       *rotatedLog
}

// taskOutput is where the task's stdout and stderr go. With logs disabled they go nowhere, as on Nomad.
type taskOutput struct {
	disabled bool
	streams  [2]outputStream
}

func newTaskOutput(places layout, document taskDocument) *taskOutput {
	output := &taskOutput{disabled: document.Logs.Disabled}
	for index, name := range []string{"stdout", "stderr"} {
		_ = syscall.SetNonblock(index+1, false) // if it cannot be changed, deliver tries again
		output.streams[index] = outputStream{
			container: index + 1, log: newRotatedLog(places.alloc, document.Task, name, document.Logs),
		}
	}
	return output
}

// deliver waits for as long as the container's own stream takes no more: a task that writes faster than it is read waits.
func (s outputStream) deliver(output []byte) {
	s.log.write(output)
	s.toContainer(output)
}

func (s outputStream) toContainer(output []byte) {
	for len(output) > 0 {
		n, err := syscall.Write(s.container, output)
		if err == syscall.EINTR {
			continue
		}
		if err == syscall.EAGAIN {
			time.Sleep(betweenWriteTries)
			continue
		}
		if err != nil {
			return // nobody reads any more; the task goes on
		}
		output = output[n:]
	}
}

// saveStderr puts a text where the task's own would be.
func (o *taskOutput) saveStderr(text string) {
	if !o.disabled {
		o.streams[1].deliver([]byte(text))
	}
}

// outputRun is the output of one run of the task. theirs are the descriptors for the task.
type outputRun struct {
	theirs [2]int
	pumps  []*logPump
}

type logPump struct {
	stream outputStream
	source *os.File
	fd     int
	done   chan struct{}
}

// open makes pipes that belong to the task's user, so that it may open /dev/stdout again by name.
func (o *taskOutput) open(uid uint32) (*outputRun, error) {
	run := &outputRun{}
	if o.disabled {
		for index := range run.theirs {
			null, err := syscall.Open(os.DevNull, syscall.O_WRONLY|syscall.O_CLOEXEC, 0)
			if err != nil {
				run.close()
				return nil, err
			}
			run.theirs[index] = null
		}
		return run, nil
	}
	for index, stream := range o.streams {
		var ends [2]int
		err := asFileUser(uid, func() error { return syscall.Pipe2(ends[:], syscall.O_CLOEXEC) })
		if err != nil {
			run.close()
			return nil, err
		}
		stream.log.begin()
		run.theirs[index] = ends[1]
		_ = syscall.SetNonblock(ends[0], true) // it is our own pipe
		source := os.NewFile(uintptr(ends[0]), "output")
		run.pumps = append(run.pumps, &logPump{stream: stream, source: source, fd: ends[0], done: make(chan struct{})})
	}
	return run, nil
}

// close is for a run that has not begun.
func (r *outputRun) close() {
	r.closeTheirs()
	for _, pump := range r.pumps {
		pump.source.Close()
	}
}

func (r *outputRun) closeTheirs() {
	for index, fd := range r.theirs {
		if fd > 0 {
			syscall.Close(fd)
		}
		r.theirs[index] = -1
	}
}

// begin is called when the task has its descriptors.
func (r *outputRun) begin() {
	r.closeTheirs()
	for _, pump := range r.pumps {
		go pump.run()
	}
}

// drain is called when the task has ended: what is in the pipes at this moment still goes out, and whoever holds them
// open is not waited for.
func (r *outputRun) drain() {
	patience := time.NewTimer(drainPatience)
	defer patience.Stop()
	for _, pump := range r.pumps {
		_ = pump.source.SetReadDeadline(time.Unix(1, 0)) // a pump that is done needs none
	}
	for _, pump := range r.pumps {
		select {
		case <-pump.done:
		case <-patience.C:
			complain("the container's output takes no more, and the rest of the task's is lost")
			return
		}
	}
}

func (p *logPump) run() {
	defer close(p.done)
	defer p.source.Close()
	buffer := make([]byte, outputBufferBytes)
	for {
		n, err := p.source.Read(buffer)
		if n > 0 {
			p.stream.deliver(buffer[:n])
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			p.deliverRest(buffer)
			return
		}
		if err != nil {
			return
		}
	}
}

func (p *logPump) deliverRest(buffer []byte) {
	for rest := readableBytes(p.fd); rest > 0; {
		n, err := syscall.Read(p.fd, buffer[:min(rest, int64(len(buffer)))])
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 || err != nil {
			return
		}
		p.stream.deliver(buffer[:n])
		rest -= int64(n)
	}
}
