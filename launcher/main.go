// The launcher: the static program that stands in front of each task in its pod. One file a subcommand.
package main

import (
	"fmt"
	"os"
)

// Exit codes of the launcher itself; `run` ends with its task's.
const (
	exitUsage         = 2
	exitClientGone    = 1
	exitSessionFailed = 1
	taskUmask         = 0o022
)

const usage = `launcher stands in front of a Nomad exec task in its pod.

  launcher run                                start the task that /nomad-bridge/task.json describes
  launcher exec --session UUID                run one command beside the task; speaks frames on stdin and stdout
  launcher control restart                    stop the task and start it again, not counted as an attempt
  launcher control signal SIGHUP              send the task a signal
  launcher control status                     print state, pid, restarts and start time as JSON
  launcher install DIR                        put this program and its mount points into a volume
  launcher copy                               copy what is mounted below /nomad-bridge/host to /nomad-bridge/chroot
  launcher probe                              say which paths of /nomad-bridge/probe.json the node below /host has
  launcher pause                              wait for SIGTERM, and reap
  launcher version                            print the versions spoken
`

func main() {
	os.Exit(dispatch(os.Args[1:], standardLayout()))
}

func dispatch(arguments []string, places layout) int {
	if len(arguments) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return exitUsage
	}
	rest := arguments[1:]
	switch arguments[0] {
	case "exec":
		return execCommand(rest, places)
	case "control":
		return controlCommand(rest, places)
	case "install":
		return installCommand(rest)
	}
	if len(rest) == 0 {
		switch arguments[0] {
		case "run":
			return runCommand(places)
		case "copy":
			return copyCommand(places)
		case "probe":
			return probeCommand(places)
		case "pause":
			return pauseCommand()
		case "version":
			fmt.Printf("launcher protocol %d, document %d\n", protocolVersion, documentVersion)
			return 0
		}
	}
	fmt.Fprint(os.Stderr, usage)
	return exitUsage
}
