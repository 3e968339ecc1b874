// Nomad's interpolation of texts outside a driver's config. A seam with the names and meaning of the launcher's package
// interpolation, so that an import can take its place.
package main

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
)

// values is what texts can name.
type values struct {
	Env  map[string]string
	Node *nodeRecord
}

// nodeRecord is one node, as the controller wrote it down. Twin of src/contract/node-record.ts.
type nodeRecord struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Datacenter string            `json:"datacenter"`
	Region     string            `json:"region"`
	Class      string            `json:"class"`
	Pool       string            `json:"pool"`
	Attributes map[string]string `json:"attributes"`
	Meta       map[string]string `json:"meta"`
}

func parseNodeRecord(text []byte) (nodeRecord, error) {
	var record nodeRecord
	if err := json.Unmarshal(text, &record); err != nil {
		return nodeRecord{}, err
	}
	if record.ID == "" || record.Name == "" {
		return nodeRecord{}, errors.New("the record of the node has no id or no name")
	}
	return record, nil
}

var reference = regexp.MustCompile(`\$\{[a-zA-Z0-9_\-.]+\}`)

// replaceReferences puts in the values of ${name}, once; a name without a value stays as it is.
func replaceReferences(text string, known values) string {
	return reference.ReplaceAllStringFunc(text, func(match string) string {
		if value, ok := known.lookUp(match[2 : len(match)-1]); ok {
			return value
		}
		return match
	})
}

func (v values) lookUp(name string) (string, bool) {
	if value, ok := v.Node.lookUp(name); ok {
		return value, true
	}
	value, ok := v.Env[name]
	return value, ok
}

func (n *nodeRecord) lookUp(name string) (string, bool) {
	if n == nil {
		return "", false
	}
	if key, ok := strings.CutPrefix(name, "attr."); ok {
		value, found := n.Attributes[key]
		return value, found
	}
	if key, ok := strings.CutPrefix(name, "meta."); ok {
		value, found := n.Meta[key]
		return value, found
	}
	switch name {
	case "node.unique.id":
		return n.ID, true
	case "node.unique.name":
		return n.Name, true
	case "node.datacenter", "nomad.datacenter":
		return n.Datacenter, true
	case "node.region":
		return n.Region, true
	case "node.class":
		return n.Class, true
	case "node.pool":
		return n.Pool, true
	}
	return "", false
}
