// `launcher control restart|signal NAME|status`: asks the container's first process.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"syscall"
)

const (
	operationRestart = "restart"
	operationSignal  = "signal"
	operationStatus  = "status"
	// operationSkip ends the task without its shutdown delay, now if it waits for that, or else when it is told to stop.
	operationSkip = "skip-shutdown-delay"
	// operationEnvironment is for exec sessions, not for people.
	operationEnvironment = "environment"
	operationSession     = "session"
	operationFarewell    = "farewell"
	// operationFollow is for readers of the logs.
	operationFollow = "follow"
)

// controlRequest and controlReply are one JSON line each way.
type controlRequest struct {
	Operation string `json:"operation"`
	Signal    string `json:"signal,omitempty"`
	Leader    int    `json:"leader,omitempty"`
}

type controlReply struct {
	Error  string      `json:"error,omitempty"`
	Status *taskStatus `json:"status,omitempty"`
	// Ended is the run that a restart has ended; absent where none was under way.
	Ended *endedRun `json:"ended,omitempty"`
	// Environment is the running task's, as bytes: a value need not be valid text.
	Environment [][]byte `json:"environment,omitempty"`
}

// endedRun is how a run came to its end. Twin of EndedRun in frames.ts. The time is Unix ms.
type endedRun struct {
	FinishedMs int64  `json:"finishedMs"`
	ExitCode   int    `json:"exitCode"`
	Signal     string `json:"signal,omitempty"`
}

// taskStatus is what `control status` prints. The pid is 0 and startedAt absent while nothing runs.
type taskStatus struct {
	State     string `json:"state"`
	PID       int    `json:"pid"`
	Restarts  int    `json:"restarts"`
	StartedAt string `json:"startedAt,omitempty"`
}

func controlCommand(arguments []string, places layout) int {
	request, ok := controlRequestOf(arguments)
	if !ok {
		fmt.Fprintln(os.Stderr, "launcher control: say restart, status, or signal and a name, for example:\n"+
			"  launcher control signal SIGHUP")
		return exitUsage
	}
	reply, err := askFirstProcess(places.controlSocket(), request)
	if err == nil && reply.Error != "" {
		err = fmt.Errorf("%s", reply.Error)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "launcher control:", err)
		return 1
	}
	if reply.Status == nil {
		return 0
	}
	if err := json.NewEncoder(os.Stdout).Encode(reply.Status); err != nil {
		return 1
	}
	return 0
}

func controlRequestOf(arguments []string) (controlRequest, bool) {
	if len(arguments) == 1 && (arguments[0] == operationRestart || arguments[0] == operationStatus) {
		return controlRequest{Operation: arguments[0]}, true
	}
	if len(arguments) == 2 && arguments[0] == operationSignal {
		return controlRequest{Operation: operationSignal, Signal: arguments[1]}, true
	}
	return controlRequest{}, false
}

// askFirstProcess waits for as long as a restart takes, which is up to the task's kill timeout.
func askFirstProcess(socket string, request controlRequest) (controlReply, error) {
	fd, err := connectRoot(socket)
	if err != nil {
		return controlReply{}, fmt.Errorf("the task's launcher does not answer at %s: %w", socket, err)
	}
	defer syscall.Close(fd)
	line, err := json.Marshal(request)
	if err != nil {
		return controlReply{}, err
	}
	if err := writeLine(fd, line); err != nil {
		return controlReply{}, err
	}
	answer, err := readLine(fd)
	if err != nil {
		return controlReply{}, fmt.Errorf("the task's launcher gave no answer: %w", err)
	}
	var reply controlReply
	if err := json.Unmarshal(answer, &reply); err != nil {
		return controlReply{}, fmt.Errorf("the task's launcher gave an answer that is not JSON: %w", err)
	}
	return reply, nil
}
