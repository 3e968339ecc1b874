// Package interpolation replaces Nomad's variables in texts. It has two engines: Replace, which knows names alone and leaves
// what it does not know as it is, and Evaluate, which is HCL's template language, and fails. It reads nothing but its arguments.
package interpolation

import "strings"

// Values is what texts can name. The zero value knows nothing.
type Values struct {
	// Env is the task's environment, by bare name.
	Env map[string]string
	// Node is nil where nothing is known of the node: then its names are unknown.
	Node *NodeRecord
}

// lookUp finds a name as Replace writes it. Names of the node win over those of the environment.
func (v Values) lookUp(name string) (string, bool) {
	if value, ok := v.Node.lookUp(name); ok {
		return value, true
	}
	value, ok := v.Env[name]
	return value, ok
}

func (n *NodeRecord) lookUp(name string) (string, bool) {
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
