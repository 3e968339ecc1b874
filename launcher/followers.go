// Readers of the logs that follow them: the first process tells them that it ends, and waits a moment, so that the last
// words of a task get through before its container, and they with it, are gone.
package main

import (
	"sync"
	"syscall"
	"time"
)

const (
	// maxFollowers leaves most of the control socket's places to others. Who finds none follows without the last words.
	maxFollowers     = 64
	followerPatience = 500 * time.Millisecond
)

// followerList is used by one goroutine for each follower, and by the supervisor at its end.
type followerList struct {
	mutex sync.Mutex
	open  map[int]chan struct{}
	// over: the first process ends, so that nobody is taken in any more.
	over bool
}

func (l *followerList) join(fd int) (left chan struct{}, ok bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.over || len(l.open) >= maxFollowers {
		return nil, false
	}
	if l.open == nil {
		l.open = map[int]chan struct{}{}
	}
	left = make(chan struct{})
	l.open[fd] = left
	return left, true
}

func (l *followerList) leave(fd int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	close(l.open[fd])
	delete(l.open, fd)
}

// serve keeps the connection of one follower until it goes.
func (l *followerList) serve(fd int) {
	if _, ok := l.join(fd); !ok {
		reply(fd, controlReply{Error: "there are too many followers"})
		return
	}
	defer l.leave(fd)
	reply(fd, controlReply{})
	if setTimeouts(fd, 0) == nil {
		_, _ = readLine(fd) // it says nothing more; its end is what is waited for
	}
}

// finish tells all followers, and waits until they have left, but not for long.
func (l *followerList) finish() {
	l.mutex.Lock()
	l.over = true
	var waiting []chan struct{}
	for fd, left := range l.open {
		waiting = append(waiting, left)
		_ = writeLine(fd, []byte(`{"ending":true}`)) // one that has just gone needs no word
	}
	l.mutex.Unlock()
	patience := time.After(followerPatience)
	for _, left := range waiting {
		select {
		case <-left:
		case <-patience:
			return
		}
	}
}

// followFirstProcess gives a channel that is closed when the first process ends. Without one that answers, it never is.
// The connection ends with this process, which is what the first process waits for.
func followFirstProcess(socket string) <-chan struct{} {
	ending := make(chan struct{})
	fd, err := connectRoot(socket)
	if err != nil {
		return ending
	}
	if introduce(fd, []byte(`{"operation":"`+operationFollow+`"}`)) != nil || setTimeouts(fd, 0) != nil {
		syscall.Close(fd)
		return ending
	}
	go func() {
		_, _ = readLine(fd) // a first process that dies without a word has ended as well
		close(ending)
	}()
	return ending
}
