// `launcher exec --session <uuid>`: one command beside the task, as the task's user, over frames on stdin and stdout.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"syscall"
)

const (
	idleHeapPercent = 50
	sessionIDLength = 36
)

func execCommand(arguments []string, places layout) int {
	if len(arguments) != 2 || arguments[0] != "--session" || !isUUID(arguments[1]) {
		fmt.Fprintln(os.Stderr, "launcher exec: it needs --session and a UUID, for example:\n"+
			"  launcher exec --session 6b1f3c9e-8d52-4c3a-9b57-2f0d8a4e7c10")
		return exitUsage
	}
	debug.SetGCPercent(idleHeapPercent)
	syscall.Umask(taskUmask)
	_ = syscall.SetNonblock(1, false) // if it cannot be changed, writing shows it
	return newExecSession(places, os.Stdin, 1).run()
}

// isUUID accepts the one spelling that the bridge uses, in either case.
func isUUID(text string) bool {
	if len(text) != sessionIDLength {
		return false
	}
	for i, c := range []byte(text) {
		isHyphenPlace := i == 8 || i == 13 || i == 18 || i == 23
		isHex := c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
		if isHyphenPlace && c != '-' || !isHyphenPlace && !isHex {
			return false
		}
	}
	return true
}

// execProcess is a session's process once it runs.
type execProcess struct {
	leader   int
	terminal *terminalPair
	stdin    *os.File
	closers  []io.Closer
}

// startExecProcess fails with the reason alone; the caller says what failed.
func startExecProcess(places layout, podUID string, message startMessage, pumps [2]*outputPump) (execProcess, error) {
	document, err := readDocument(places.document)
	if err != nil {
		return execProcess{}, err
	}
	if document, err = documentOnHost(places, document, podUID); err != nil {
		return execProcess{}, err
	}
	request := spawnRequest{places: places, document: document, podUID: podUID, besideTask: true}
	// Nil where no task runs: then it is made anew, without what templates would give.
	request.environment, _ = runningEnvironment(places.controlSocket())
	plan, err := request.plan()
	if err != nil {
		return execProcess{}, err
	}
	defer syscall.Close(plan.workDir)
	path, err := plan.sessionCommand(message.Argv[0])
	if err != nil {
		return execProcess{}, err
	}
	if err := restrictThread(plan.capabilities); err != nil {
		return execProcess{}, err
	}
	command := execInvocation{path: path, argv: message.Argv, plan: plan}
	if message.TTY {
		command.plan.environment = withTerminal(document, plan.environment)
		return command.startOnTerminal(message, pumps)
	}
	return command.startOnPipes(pumps)
}

type execInvocation struct {
	path string
	argv []string
	plan spawnPlan
}

func (c execInvocation) startOnTerminal(message startMessage, pumps [2]*outputPump) (execProcess, error) {
	pair, err := openTerminal(c.plan.host.multiplexer(), c.plan.user.UID, message.Rows, message.Cols)
	if err != nil {
		return execProcess{}, err
	}
	slave := uintptr(pair.slaveFD)
	leader, err := c.plan.start(c.path, c.argv, [3]uintptr{slave, slave, slave}, true)
	if err != nil {
		return execProcess{}, fmt.Errorf("%q: %w", c.path, err)
	}
	pumps[0].source, pumps[0].sourceFD, pumps[0].terminal = pair.master, pair.masterFD, true
	return execProcess{leader: leader, terminal: &pair, stdin: pair.master}, nil
}

func (c execInvocation) startOnPipes(pumps [2]*outputPump) (execProcess, error) {
	var theirs [3]uintptr
	var ours [3]*os.File
	var numbers [3]int
	for stream := range theirs {
		var ends [2]int
		if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
			return execProcess{}, err
		}
		ourEnd, theirEnd := ends[0], ends[1]
		if stream == 0 {
			ourEnd, theirEnd = ends[1], ends[0]
		}
		if err := syscall.SetNonblock(ourEnd, true); err != nil {
			return execProcess{}, err
		}
		theirs[stream], numbers[stream], ours[stream] = uintptr(theirEnd), ourEnd, os.NewFile(uintptr(ourEnd), "pipe")
	}
	leader, err := c.plan.start(c.path, c.argv, theirs, false)
	for _, end := range theirs {
		syscall.Close(int(end))
	}
	if err != nil {
		return execProcess{}, fmt.Errorf("%q: %w", c.path, err)
	}
	for i, pump := range pumps {
		pump.source, pump.sourceFD = ours[i+1], numbers[i+1]
	}
	return execProcess{leader: leader, stdin: ours[0], closers: []io.Closer{ours[1], ours[2]}}, nil
}
