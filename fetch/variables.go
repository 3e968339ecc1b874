// What ${…} in the texts of an artifact can name: the task's environment and, where it is mounted, the record of the node.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

const shortAllocIDLength = 8

// taskValues is the task's environment as its process will see it, with the names of the node beside it.
func taskValues(document taskDocument, user taskUser, home, podUID string, node *nodeRecord) values {
	base := map[string]string{
		"NOMAD_ALLOC_ID":       podUID,
		"NOMAD_SHORT_ALLOC_ID": podUID[:min(len(podUID), shortAllocIDLength)],
		"HOME":                 home,
		"USER":                 user.name,
		"LOGNAME":              user.name,
	}
	maps.Copy(base, document.Env)
	outer := values{Env: base, Node: node}
	all := map[string]string{}
	for name, value := range base {
		all[name] = replaceReferences(value, outer)
	}
	for name, value := range document.TaskEnv {
		all[name] = replaceReferences(value, values{Env: all, Node: node})
	}
	return values{Env: all, Node: node}
}

func readNodeRecord(directory, nodeName string) (*nodeRecord, error) {
	if nodeName == "" || strings.ContainsAny(nodeName, "/\x00") || nodeName == ".." {
		return nil, fmt.Errorf("the node's name is %q", nodeName)
	}
	text, err := os.ReadFile(filepath.Join(directory, nodeName))
	if err != nil {
		return nil, fmt.Errorf("the record of the node: %w", err)
	}
	record, err := parseNodeRecord(text)
	if err != nil {
		return nil, err
	}
	return &record, nil
}

// interpolated has every text of the artifact but the name of its Secret replaced.
func (a artifact) interpolated(known values) artifact {
	a.Source = replaceReferences(a.Source, known)
	a.Destination = replaceReferences(a.Destination, known)
	a.Options = interpolatedMap(a.Options, known)
	a.Headers = interpolatedMap(a.Headers, known)
	return a
}

func interpolatedMap(texts map[string]string, known values) map[string]string {
	result := map[string]string{}
	for name, value := range texts {
		result[replaceReferences(name, known)] = replaceReferences(value, known)
	}
	return result
}
