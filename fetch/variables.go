// What ${…} in the texts of an artifact can name: the task's environment and, where it is mounted, the record of the node.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nomad-bridge/nomad-bridge/launcher/interpolation"
	"github.com/nomad-bridge/nomad-bridge/launcher/users"
)

const (
	shortAllocIDLength = 8
	metaPrefix         = "NOMAD_META_"
)

// taskValues is the task's environment as its process will see it, with the names of the node beside it. The launcher's way,
// without what only a running task can have: see launcher/environment.go.
func taskValues(document taskDocument, user users.User, podUID string, node *interpolation.NodeRecord) interpolation.Values {
	all := map[string]string{
		"NOMAD_ALLOC_ID":       podUID,
		"NOMAD_SHORT_ALLOC_ID": podUID[:min(len(podUID), shortAllocIDLength)],
		"HOME":                 user.Home,
		"USER":                 user.Name,
		"LOGNAME":              user.Name,
	}
	metas := map[string]string{}
	for name, value := range document.Env {
		if strings.HasPrefix(name, metaPrefix) {
			metas[name] = value
			continue
		}
		all[name] = value
	}
	known := interpolation.Values{Env: all, Node: node}
	interpolation.ReplaceInto(known, metas)
	interpolation.ReplaceInto(known, document.TaskEnv)
	return known
}

func readNodeRecord(directory, nodeName string) (*interpolation.NodeRecord, error) {
	if nodeName == "" || strings.ContainsAny(nodeName, "/\x00") || nodeName == ".." {
		return nil, fmt.Errorf("the node's name is %q", nodeName)
	}
	text, err := os.ReadFile(filepath.Join(directory, nodeName))
	if err != nil {
		return nil, fmt.Errorf("the record of the node: %w", err)
	}
	record, err := interpolation.ParseNodeRecord(text)
	if err != nil {
		return nil, err
	}
	return &record, nil
}

// interpolated has every text of the artifact but the name of its Secret replaced.
func (a artifact) interpolated(known interpolation.Values) artifact {
	a.Source = interpolation.Replace(a.Source, known)
	a.Destination = interpolation.Replace(a.Destination, known)
	a.Options = interpolatedMap(a.Options, known)
	a.Headers = interpolatedMap(a.Headers, known)
	return a
}

func interpolatedMap(texts map[string]string, known interpolation.Values) map[string]string {
	result := map[string]string{}
	for name, value := range texts {
		result[interpolation.Replace(name, known)] = interpolation.Replace(value, known)
	}
	return result
}
