// Operations of `launcher exec`: what the bridge asks of the launcher itself, in place of a command. Each reads files of the
// allocation, or speaks to the container's first process; none starts anything.
package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	operationList    = "fs-list"
	operationStat    = "fs-stat"
	operationRead    = "fs-read"
	operationStream  = "fs-stream"
	operationLogs    = "logs"
	operationUsage   = "stats"
	operationRerun   = "restart"
	operationDeliver = "signal"

	originStart = "start"
	originEnd   = "end"

	maxOperationPath  = 4096
	maxOperationTasks = 1024
)

func operationNames() []string {
	return []string{
		operationList, operationStat, operationRead, operationStream, operationLogs, operationUsage, operationRerun, operationDeliver,
	}
}

// operateMessage is one operation. Which members count depends on it; the others are empty. Twin of Operation in frames.ts.
type operateMessage struct {
	Operation string `json:"operation"`
	// Path is in the allocation directory as Nomad's clients see it.
	Path string `json:"path,omitempty"`
	// Tasks are all of the allocation, for a listing of its root.
	Tasks  []string `json:"tasks,omitempty"`
	Task   string   `json:"task,omitempty"`
	Stream string   `json:"stream,omitempty"`
	// Offset counts from Origin. Of a read, Limit is the most bytes; 0 is no limit.
	Offset int64  `json:"offset,omitempty"`
	Limit  int64  `json:"limit,omitempty"`
	Origin string `json:"origin,omitempty"`
	Follow bool   `json:"follow,omitempty"`
	// After is where an earlier reading of the same logs has come to; then Offset and Origin do not count.
	After  *logPosition `json:"after,omitempty"`
	Signal string       `json:"signal,omitempty"`
}

// logPosition is a byte of a rotated log: which file, and where in it.
type logPosition struct {
	Number int64 `json:"number"`
	Offset int64 `json:"offset"`
}

// decodeOperate refuses what it does not know: it could be a restriction that must not be left out.
func decodeOperate(payload []byte) (operateMessage, error) {
	var message operateMessage
	if err := decodeWhole("operate", payload, &message); err != nil {
		return message, err
	}
	return message, message.check()
}

func (m operateMessage) check() error {
	if !slices.Contains(operationNames(), m.Operation) {
		return protocolError(fmt.Sprintf("the operation %q is not known to this launcher", m.Operation))
	}
	if len(m.Path) > maxOperationPath || strings.IndexByte(m.Path, 0) >= 0 {
		return protocolError("the path is too long, or holds a NUL byte")
	}
	if m.Offset < 0 || m.Limit < 0 || m.After != nil && (m.After.Number < 0 || m.After.Offset < 0) {
		return protocolError("an offset or a limit is negative")
	}
	if m.Origin != "" && m.Origin != originStart && m.Origin != originEnd {
		return protocolError(fmt.Sprintf("origin is %q; it must be start or end", m.Origin))
	}
	if len(m.Tasks) > maxOperationTasks {
		return protocolError("there are too many tasks")
	}
	if m.Operation == operationLogs && (!isFileName(m.Task) || m.Stream != "stdout" && m.Stream != "stderr") {
		return protocolError("logs are of a task, and of stdout or stderr")
	}
	return nil
}

func isFileName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\x00")
}

// operationError is what a client is told, with the status that Nomad gives it.
type operationError struct {
	status int
	text   string
}

func (e operationError) Error() string { return e.text }

// errGone ends an operation whose client is not there any more.
var errGone = errors.New("the client is gone")

// perform answers one operation: its output and an exit frame, or one error.
func (s *execSession) perform(message operateMessage) int {
	err := s.answer(message)
	if err == errGone {
		return exitClientGone
	}
	if err != nil {
		s.output.send(encodeJSON(frameError, errorMessage{Code: "operation-failed", Message: err.Error(), Status: statusOf(err)}))
		s.awaitEnd()
		return exitSessionFailed
	}
	s.output.send(encodeJSON(frameExit, exitMessage{StdoutBytes: s.results.sent}))
	s.awaitEnd()
	return 0
}

func statusOf(err error) int {
	var failed operationError
	if errors.As(err, &failed) {
		return failed.status
	}
	return 500
}

// awaitEnd lets the other side take what was sent before this process, and its end of the stream, are gone.
func (s *execSession) awaitEnd() {
	select {
	case <-s.inputEnded:
	case <-s.gone:
	case <-time.After(drainAfterExit):
	}
}

// unlessGone does not wait for an answer that nobody wants any more; that of a restart takes up to the task's kill timeout.
func (s *execSession) unlessGone(ask func() error) error {
	answered := make(chan error, 1)
	go func() { answered <- ask() }()
	select {
	case err := <-answered:
		return err
	case <-s.gone:
		return errGone
	}
}

func (s *execSession) answer(message operateMessage) error {
	switch message.Operation {
	case operationUsage:
		return sendJSON(s.results, measureUsage(usageInterval))
	case operationRerun:
		return s.unlessGone(func() error { return askToRestart(s.places) })
	case operationDeliver:
		return askToSignal(s.places, message.Signal)
	}
	document, err := readDocument(s.places.document)
	if err != nil {
		return err
	}
	if message.Operation == operationLogs {
		reader := logReader{log: newRotatedLog(s.places.alloc, message.Task, message.Stream, document.Logs), output: s.results}
		defer reader.close()
		if message.Follow {
			reader.ending = followFirstProcess(s.places.controlSocket())
		}
		return reader.run(message)
	}
	view := fileView{places: s.places, task: document.Task, tasks: message.Tasks}
	switch message.Operation {
	case operationList:
		return view.list(message.Path, s.results)
	case operationStat:
		return view.stat(message.Path, s.results)
	case operationRead:
		return view.read(message, s.results)
	}
	return view.stream(message, s.results)
}
