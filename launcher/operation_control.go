// The operations that ask the container's first process: restart the task, signal it.
package main

import "strings"

// askToRestart returns when the task has started again, and says how the run before that ended, if there was one.
func askToRestart(places layout) (*endedRun, error) {
	reply, err := askFirstProcess(places.controlSocket(), controlRequest{Operation: operationRestart})
	return reply.Ended, controlAnswer(reply, err)
}

func askToSignal(places layout, name string) error {
	return controlAnswer(askFirstProcess(places.controlSocket(), controlRequest{Operation: operationSignal, Signal: name}))
}

// controlAnswer has Nomad's words where Nomad has some.
func controlAnswer(reply controlReply, err error) error {
	if err != nil {
		return operationError{status: 500, text: err.Error()}
	}
	if reply.Error == "" {
		return nil
	}
	if strings.HasPrefix(reply.Error, "the task ") {
		return operationError{status: 500, text: "Task not running"}
	}
	return operationError{status: 500, text: reply.Error}
}
