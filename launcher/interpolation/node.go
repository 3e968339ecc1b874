// What a task may know of its node. Twin of src/contract/node-record.ts.
package interpolation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxNodeRecordBytes is more than a ConfigMap can hold.
const MaxNodeRecordBytes = 1 << 20

// NodeRecord is one node, as the controller wrote it down.
type NodeRecord struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Datacenter string `json:"datacenter"`
	Region     string `json:"region"`
	Class      string `json:"class"`
	Pool       string `json:"pool"`
	// Attributes have no prefix: "kernel.name". So has Meta.
	Attributes map[string]string `json:"attributes"`
	Meta       map[string]string `json:"meta"`
}

// ParseNodeRecord is strict: it refuses unknown fields, and a record without an id or a name.
func ParseNodeRecord(text []byte) (NodeRecord, error) {
	if len(text) > MaxNodeRecordBytes {
		return NodeRecord{}, fmt.Errorf("the record of the node is longer than %d bytes", MaxNodeRecordBytes)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var record NodeRecord
	if err := decoder.Decode(&record); err != nil {
		return NodeRecord{}, fmt.Errorf("the record of the node cannot be read: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return NodeRecord{}, errors.New("the record of the node is followed by something else")
	}
	if record.ID == "" || record.Name == "" {
		return NodeRecord{}, errors.New("the record of the node has no id or no name")
	}
	return record, nil
}
