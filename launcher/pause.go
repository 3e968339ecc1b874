// `launcher pause`: the process that holds a pod's namespaces; it reaps what is left to it and waits for its end.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func pauseCommand() int {
	// Apart, and one stands for all: however many processes end, a stop gets through.
	stops, children := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(stops, syscall.SIGTERM, syscall.SIGINT)
	signal.Notify(children, syscall.SIGCHLD)
	for {
		reapAll()
		select {
		case <-stops:
			return 0
		case <-children:
		}
	}
}

func reapAll() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if err != syscall.EINTR && pid <= 0 {
			return
		}
	}
}
