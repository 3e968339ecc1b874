// The environment that the running task was started with, for exec sessions: what templates gave it included.
package main

import (
	"encoding/json"
	"syscall"
)

// environmentSeconds bounds each step of asking; an exec session does not wait longer for a launcher that hangs.
const environmentSeconds = 2

func (s *supervisor) environmentReply() controlReply {
	if s.run.pid == 0 {
		return controlReply{Error: "the task is not running"}
	}
	list := make([][]byte, 0, len(s.run.environment))
	for _, entry := range s.run.environment {
		list = append(list, []byte(entry))
	}
	return controlReply{Environment: list}
}

// runningEnvironment is false where no launcher answers, or nothing runs: then it has to be computed.
func runningEnvironment(socket string) ([]string, bool) {
	fd, err := connectRoot(socket)
	if err != nil {
		return nil, false
	}
	defer syscall.Close(fd)
	if err := setTimeouts(fd, environmentSeconds); err != nil {
		return nil, false
	}
	if err := writeLine(fd, []byte(`{"operation":"`+operationEnvironment+`"}`)); err != nil {
		return nil, false
	}
	answer, err := readLongLine(fd, maxAnswerLineBytes)
	if err != nil {
		return nil, false
	}
	var reply controlReply
	if err := json.Unmarshal(answer, &reply); err != nil || reply.Error != "" || len(reply.Environment) == 0 {
		return nil, false
	}
	list := make([]string, 0, len(reply.Environment))
	for _, entry := range reply.Environment {
		list = append(list, string(entry))
	}
	return list, true
}
