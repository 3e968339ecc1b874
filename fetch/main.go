// The program that brings a task's artifacts before the task starts, in an init container of its pod.
package main

import (
	"fmt"
	"os"
)

const (
	exitUsage  = 2
	exitFailed = 1
	// exitNoRestart says that another try is not allowed, as the launcher says it of a task.
	exitNoRestart = 213
	taskUmask     = 0o022

	// workerArgument starts the half of the program that is the task's user: it alone opens connections and archives.
	workerArgument = "worker"
)

const usage = `fetch brings the artifacts of a Nomad exec task into its directories, as the task's user.

  fetch            fetch what /nomad-bridge/task.json asks for; run as uid 0 with SETUID and SETGID
  fetch version    print the version of the document it reads
`

func main() {
	os.Exit(dispatch(os.Args[1:]))
}

func dispatch(arguments []string) int {
	if len(arguments) == 0 {
		return supervise(standardLayout(), os.Stderr)
	}
	if len(arguments) == 1 && arguments[0] == workerArgument {
		return runWorker(os.Stdin, os.Stdout, standardEnvironment())
	}
	if len(arguments) == 1 && arguments[0] == "version" {
		fmt.Printf("document %d\n", documentVersion)
		return 0
	}
	fmt.Fprint(os.Stderr, usage)
	return exitUsage
}
