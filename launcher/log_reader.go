// Reading one stream of a task's rotated logs, from an offset over all files, and on while they grow.
package main

import (
	"fmt"
	"syscall"
	"time"
)

// looksBetweenListings: a follower asks for the next number at each look, and lists the directory only now and then, as a
// task can fill it with names.
const looksBetweenListings = 5

// logReader reads what a rotatedLog of the same task writes. It opens nothing that the writer would not take for its own.
type logReader struct {
	log    *rotatedLog
	output *operationOutput
	// ending is closed when there is not much time left.
	ending <-chan struct{}
	fd     int
	opened bool
	number int64
	offset int64
}

func (r *logReader) close() {
	if r.opened {
		syscall.Close(r.fd)
	}
	r.opened = false
}

func (r *logReader) run(message operateMessage) error {
	if err := r.begin(message); err != nil {
		return err
	}
	for looks := 1; ; looks++ {
		if err := r.drain(message.Follow, looks%looksBetweenListings == 0); err != nil || !message.Follow {
			return err
		}
		select {
		case <-r.output.gone:
			return errGone
		case <-r.ending:
			return r.drain(false, true)
		case <-time.After(betweenFileLooks):
		}
	}
}

// begin opens the file that the first wanted byte is in. With none there, only a follower waits.
func (r *logReader) begin(message operateMessage) error {
	numbers, sizes, err := r.files()
	if err != nil {
		return err
	}
	if len(numbers) == 0 {
		if message.Follow || message.After != nil {
			r.number = -1
			r.output.from("", 0) // says that the logs are being read, though there are none
			return nil
		}
		return r.noLogs(message)
	}
	if message.After != nil {
		r.resume(numbers, *message.After)
		return nil
	}
	index, offset := placeInFiles(sizes, message.Offset, message.Origin)
	r.openAt(numbers[index], offset)
	return nil
}

func (r *logReader) noLogs(message operateMessage) error {
	return operationError{status: 404, text: fmt.Sprintf("log entry for task %q and log type %q not found", message.Task, message.Stream)}
}

func (r *logReader) files() (numbers, sizes []int64, err error) {
	directory, err := r.log.openDirectory()
	if err != nil {
		return nil, nil, nil // nothing was logged yet, or the task has taken the directory away
	}
	defer directory.Close()
	all, err := r.log.numbersIn(directory)
	if err != nil {
		return nil, nil, err
	}
	for _, number := range all {
		var about syscall.Stat_t
		if syscall.Lstat(descriptorPath(int(directory.Fd()))+"/"+r.log.nameOf(number), &about) == nil {
			numbers, sizes = append(numbers, number), append(sizes, about.Size)
		}
	}
	return numbers, sizes, nil
}

// placeInFiles counts over all files. Beyond their end is the end.
func placeInFiles(sizes []int64, offset int64, origin string) (index int, within int64) {
	last := len(sizes) - 1
	if origin == originEnd {
		for index = last; index > 0 && offset > sizes[index]; index-- {
			offset -= sizes[index]
		}
		return index, max(0, sizes[index]-offset)
	}
	for index = 0; index < last && offset >= sizes[index]; index++ {
		offset -= sizes[index]
	}
	return index, min(offset, sizes[index])
}

// resume goes on where an earlier reading has come to, or with the oldest file that is still there behind that.
func (r *logReader) resume(numbers []int64, after logPosition) {
	for _, number := range numbers {
		if number == after.Number {
			r.openAt(number, after.Offset)
			return
		}
		if number > after.Number {
			r.openAt(number, 0)
			return
		}
	}
	r.openAt(after.Number, after.Offset)
}

// openAt goes to a file. One that is gone by now is passed over at the next look.
func (r *logReader) openAt(number, offset int64) {
	r.close()
	r.number, r.offset = number, offset
	r.open(number)
	r.output.from(r.log.nameOf(number), offset)
}

func (r *logReader) open(number int64) {
	directory, err := r.log.openDirectory()
	if err != nil {
		return
	}
	defer directory.Close()
	fd, err := openBeneath(int(directory.Fd()), r.log.nameOf(number), openPath)
	if err != nil {
		return
	}
	defer syscall.Close(fd)
	var about syscall.Stat_t
	if syscall.Fstat(fd, &about) != nil || !isOwnLog(about) {
		return
	}
	r.fd, err = reopen(fd, about, 0)
	r.opened = err == nil
}

// drain sends all that is there, over as many files as there are.
func (r *logReader) drain(follow, mayList bool) error {
	for {
		if err := r.copy(); err != nil {
			return err
		}
		next, found := r.successor(mayList || !follow)
		if !found {
			return nil
		}
		// What was written to this file between the last read and the making of the next one.
		if err := r.copy(); err != nil {
			return err
		}
		r.openAt(next, 0)
	}
}

func (r *logReader) copy() error {
	if !r.opened {
		return nil
	}
	offset, err := r.output.copyAt(r.fd, r.offset, noLimit)
	r.offset = offset
	return err
}

// successor is the number of the next file, where there is one.
func (r *logReader) successor(mayList bool) (int64, bool) {
	if !mayList {
		return r.number + 1, r.exists(r.number + 1)
	}
	numbers, _, err := r.files()
	if err != nil {
		return 0, false
	}
	for _, number := range numbers {
		if number > r.number {
			return number, true
		}
	}
	return 0, false
}

func (r *logReader) exists(number int64) bool {
	directory, err := r.log.openDirectory()
	if err != nil {
		return false
	}
	defer directory.Close()
	return isLogOfOurs(directory, r.log.nameOf(number))
}
