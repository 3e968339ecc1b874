// A launcher that comes up only to hold an ended task's place says the end of the task's output again: the kubelet keeps
// the log of a container's last run alone, and that of an ended pod is all that is left of it.
package main

import "syscall"

// replayedBytes is how much of each stream is said again.
const replayedBytes = 256 * 1024

// replay runs beside the loop: a container's stream that takes no more must not keep a stop from getting through.
func (o *taskOutput) replay() {
	if o == nil || o.disabled {
		return
	}
	go func() {
		for _, stream := range o.streams {
			stream.replay()
		}
	}()
}

func (s outputStream) replay() {
	reader := logReader{log: s.log}
	defer reader.close()
	numbers, sizes, err := reader.files()
	if err != nil || len(numbers) == 0 {
		return
	}
	index, offset := placeInFiles(sizes, replayedBytes, originEnd)
	for ; index < len(numbers); index, offset = index+1, 0 {
		reader.close()
		reader.open(numbers[index])
		if reader.opened {
			s.replayFile(reader.fd, offset)
		}
	}
}

func (s outputStream) replayFile(fd int, offset int64) {
	buffer := make([]byte, dataChunkBytes)
	for {
		n, err := syscall.Pread(fd, buffer, offset)
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 || err != nil {
			return
		}
		s.toContainer(buffer[:n])
		offset += int64(n)
	}
}
