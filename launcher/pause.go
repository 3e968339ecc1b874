// `launcher pause`: the process that holds a pod's namespaces; it reaps what is left to it and waits for its end.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func pauseCommand() int {
	received := make(chan os.Signal, 8)
	signal.Notify(received, syscall.SIGTERM, syscall.SIGINT, syscall.SIGCHLD)
	reapAll()
	for number := range received {
		if number != syscall.SIGCHLD {
			return 0
		}
		reapAll()
	}
	return 0
}

func reapAll() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if err != syscall.EINTR && pid <= 0 {
			return
		}
	}
}
