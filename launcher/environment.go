// The environment of a task and of its exec sessions: the document's, what only the pod knows, and nothing else.
package main

import (
	"maps"
	"slices"
)

const shortAllocIDLength = 8

// taskEnvironment never overrides what the document says. The list is sorted.
func taskEnvironment(document taskDocument, user taskUser, podUID string) []string {
	all := map[string]string{
		"NOMAD_ALLOC_ID":       podUID,
		"NOMAD_SHORT_ALLOC_ID": podUID[:min(len(podUID), shortAllocIDLength)],
		"HOME":                 user.home,
		"USER":                 user.name,
		"LOGNAME":              user.name,
	}
	maps.Copy(all, document.allEnv())
	list := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, name+"="+all[name])
	}
	return list
}

// withTerminal names a terminal type where the task has none.
func withTerminal(document taskDocument, environment []string) []string {
	if _, ok := document.allEnv()["TERM"]; ok {
		return environment
	}
	return append(environment, "TERM=xterm")
}
