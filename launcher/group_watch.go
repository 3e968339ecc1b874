// Notices that a launcher of the group has told something, or has gone.
package main

import (
	"os"
	"syscall"
	"time"
)

// A node has few inotify instances for root, and all of its pods share them: without one, looking now and then must do.
const betweenLooks = 250 * time.Millisecond

// watchGroup sends for as long as the launcher lives. The channel needs room for one: what is in it stands for all.
func watchGroup(directory string, changed chan<- struct{}) {
	file, err := inotifyOf(directory)
	go func() {
		if err == nil {
			followInotify(file, changed)
		}
		for {
			time.Sleep(betweenLooks)
			notify(changed)
		}
	}()
}

// inotifyOf hears of records that come into place, and of locks that are let go.
func inotifyOf(directory string) (*os.File, error) {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		return nil, err
	}
	if _, err := syscall.InotifyAddWatch(fd, directory, syscall.IN_MOVED_TO|syscall.IN_CLOSE_WRITE); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "inotify"), nil
}

func followInotify(file *os.File, changed chan<- struct{}) {
	defer file.Close()
	var events [4096]byte
	for {
		if _, err := file.Read(events[:]); err != nil {
			return
		}
		notify(changed)
	}
}

func notify(changed chan<- struct{}) {
	select {
	case changed <- struct{}{}:
	default:
	}
}
