// An exec session tells the container's first process of itself, which ends the session if its launcher dies.
package main

import (
	"encoding/json"
	"fmt"
	"syscall"
)

const introductionSeconds = 1

// registerSession returns what to call when the session has ended in good order. Without a first process of ours that
// listens, the session works on by itself.
func registerSession(socket string, leader int) (farewell func()) {
	nothing := func() {}
	fd, err := connectRoot(socket)
	if err != nil {
		return nothing
	}
	request, err := json.Marshal(controlRequest{Operation: operationSession, Leader: leader})
	if err != nil {
		panic(fmt.Sprintf("a control request cannot be JSON: %v", err))
	}
	if err := introduce(fd, request); err != nil {
		syscall.Close(fd)
		return nothing
	}
	return func() {
		_ = writeLine(fd, []byte(`{"operation":"farewell"}`)) // a first process that is gone needs none
		syscall.Close(fd)
	}
}

// introduce waits until the first process knows the session: from then on no death of this launcher goes unseen.
func introduce(fd int, request []byte) error {
	if err := setTimeouts(fd, introductionSeconds); err != nil {
		return err
	}
	if err := writeLine(fd, request); err != nil {
		return err
	}
	_, err := readLine(fd)
	return err
}
