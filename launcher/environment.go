// The environment of a task and of its exec sessions: the document's, what only the pod knows, the job's own, and that of
// templates, in this order. A later one wins.
package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nomad-bridge/nomad-bridge/launcher/interpolation"
	"github.com/nomad-bridge/nomad-bridge/launcher/users"
)

const (
	shortAllocIDLength = 8
	metaPrefix         = "NOMAD_META_"
	cpuCoresName       = "NOMAD_CPU_CORES"

	// The kernel takes no longer text, and no more of them altogether with a stack of the usual size.
	maxVariableBytes    = 128 * 1024
	maxEnvironmentBytes = 1024 * 1024
)

// podFacts is what only the launcher can know, as it is inside the pod.
type podFacts struct {
	uid  string
	user users.User
	// cores is the list of CPUs that the container may run on, such as "0-1,3".
	cores string
	// addresses are what the document's ports are reached at.
	addresses podAddresses
	// parentCgroup is empty where it is not known.
	parentCgroup string
	// node is nil where the document does not ask for it.
	node *interpolation.NodeRecord
}

// taskEnvironment is the finished environment by name. In the values of NOMAD_META_* and of the job's env, ${name} is
// replaced; the values of extra, which templates make, are final.
func taskEnvironment(document taskDocument, facts podFacts, extra map[string]string) (map[string]string, error) {
	all := podVariables(facts)
	maps.Copy(all, portVariables(document.Ports, facts.addresses))
	metas := map[string]string{}
	for name, value := range document.Env {
		if strings.HasPrefix(name, metaPrefix) {
			metas[name] = value
			continue
		}
		all[name] = value
	}
	if cores, asked := document.Env[cpuCoresName]; asked && cores == "" {
		all[cpuCoresName] = facts.cores
	}
	values := interpolation.Values{Env: all, Node: facts.node}
	interpolation.ReplaceInto(values, metas)
	interpolation.ReplaceInto(values, document.TaskEnv)
	maps.Copy(all, extra)
	return all, checkEnvironment(all)
}

// podVariables has NOMAD_CPU_CORES as a blank, which is what Nomad gives to a task without `cores`. A document that has it
// without a value asks for the list.
func podVariables(facts podFacts) map[string]string {
	all := map[string]string{
		"NOMAD_ALLOC_ID":       facts.uid,
		"NOMAD_SHORT_ALLOC_ID": facts.uid[:min(len(facts.uid), shortAllocIDLength)],
		cpuCoresName:           "",
		"HOME":                 facts.user.Home,
		"USER":                 facts.user.Name,
		"LOGNAME":              facts.user.Name,
	}
	if facts.parentCgroup != "" {
		all["NOMAD_PARENT_CGROUP"] = facts.parentCgroup
	}
	return all
}

func checkEnvironment(all map[string]string) error {
	total := 0
	for name, value := range all {
		length := len(name) + len(value) + len("=\x00")
		if length > maxVariableBytes {
			return fmt.Errorf("the environment variable %s has %d bytes, and no program can be given more than %d; write it to a file", name, length, maxVariableBytes)
		}
		total += length
	}
	if total > maxEnvironmentBytes {
		return fmt.Errorf("the environment has %d bytes, more than %d; write the long variables to files", total, maxEnvironmentBytes)
	}
	return nil
}

// environmentList is sorted.
func environmentList(all map[string]string) []string {
	list := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, name+"="+all[name])
	}
	return list
}

func environmentOf(list []string) map[string]string {
	all := make(map[string]string, len(list))
	for _, variable := range list {
		name, value, _ := strings.Cut(variable, "=")
		all[name] = value
	}
	return all
}

// withTerminal names a terminal type where the task has none.
func withTerminal(_ taskDocument, environment []string) []string {
	if slices.ContainsFunc(environment, func(variable string) bool { return strings.HasPrefix(variable, "TERM=") }) {
		return environment
	}
	return append(slices.Clip(environment), "TERM=xterm")
}
