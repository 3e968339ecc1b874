// Command nomad-cli makes the calls that Nomad's CLI makes, command by command, through Nomad's own Go client, and says what came of it as
// JSON: the calls in their order, the exit code that the CLI would end with, what the CLI would have read, and what it would have crashed on.
// It is configured as the CLI is, by NOMAD_* variables. test/clients/nomad-cli.test.ts runs it against a bridge.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// sequence makes the calls of one command and returns its exit code. An error is exit code 1, with the text that the CLI would print.
type sequence func(*session) (int, error)

// sequences are named as a user types them; the longest name that fits wins.
var sequences = merged(allocationSequences, jobSequences, rareJobSequences, readSequences, deploymentSequences, clusterSequences, aclSequences, loginSequences)

func merged(tables ...map[string]sequence) map[string]sequence {
	all := map[string]sequence{}
	for _, table := range tables {
		for name, run := range table {
			all[name] = run
		}
	}
	return all
}

// report is what the test reads.
type report struct {
	Exit    int
	Error   string
	Calls   []call
	Saw     map[string]any
	Hazards []string
}

func main() {
	name, rest := commandOf(os.Args[1:])
	run := sequences[name]
	if run == nil {
		fmt.Fprintf(os.Stderr, "no such command: %s\n", strings.Join(os.Args[1:], " "))
		os.Exit(64)
	}
	s, err := newSession(rest)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(64)
	}
	exit, err := run(s)
	result := report{Exit: exit, Calls: s.recorder.seen(), Saw: s.saw, Hazards: s.hazards}
	if err != nil {
		result.Exit, result.Error = 1, err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(64)
	}
}

func commandOf(args []string) (string, []string) {
	for words := min(4, len(args)); words > 0; words-- {
		name := strings.Join(args[:words], " ")
		if sequences[name] != nil {
			return name, args[words:]
		}
	}
	return "", nil
}
