// What the launcher reads of its own pod for the task: CPUs, control group, and the record of the node.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/nomad-bridge/nomad-bridge/launcher/interpolation"
	"github.com/nomad-bridge/nomad-bridge/launcher/records"
	"github.com/nomad-bridge/nomad-bridge/launcher/users"
)

const (
	nodeNameEnv = "NOMAD_BRIDGE_NODE_NAME"

	nodeRecordPatience = 5 * time.Second
	nodeRecordPause    = 250 * time.Millisecond

	// exitTryAgain ends a launcher that the kubelet is to start again.
	exitTryAgain = 1
)

// errNodeUnknown is for a record that is not there yet, or not whole. It may be later, so the task has not failed for good.
var errNodeUnknown = errors.New("the record of this pod's node is not there yet")

func readPodFacts(places layout, document taskDocument, podUID string, user users.User) (podFacts, error) {
	facts := podFacts{uid: podUID, user: user, cores: allowedCPUs(), parentCgroup: parentCgroup(), addresses: readPodAddresses()}
	if !document.NodeValues {
		return facts, nil
	}
	record, err := awaitNodeRecord(places.nodesDirectory, os.Getenv(nodeNameEnv))
	if err != nil {
		return podFacts{}, err
	}
	facts.node = &record
	return facts, nil
}

// awaitNodeRecord waits a little: the controller may write the record at the same time as the pod starts.
func awaitNodeRecord(directory, name string) (interpolation.NodeRecord, error) {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return interpolation.NodeRecord{}, fmt.Errorf("%s is %q, which is no name of a node", nodeNameEnv, name)
	}
	for until := time.Now().Add(nodeRecordPatience); ; time.Sleep(nodeRecordPause) {
		record, err := readNodeRecord(filepath.Join(directory, name))
		if err == nil {
			return record, nil
		}
		if time.Now().After(until) {
			return interpolation.NodeRecord{}, fmt.Errorf("%w: %w; the task is started again", errNodeUnknown, err)
		}
	}
}

// readNodeRecord follows links, because a ConfigMap is mounted by links.
func readNodeRecord(path string) (interpolation.NodeRecord, error) {
	file, err := os.Open(path)
	if err != nil {
		return interpolation.NodeRecord{}, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, interpolation.MaxNodeRecordBytes+1))
	if err != nil {
		return interpolation.NodeRecord{}, err
	}
	return interpolation.ParseNodeRecord(text)
}

// planFailed ends the launcher: for good, or to be started again where the plan only came too early.
func (s *supervisor) planFailed(err error) (code int, done bool) {
	if !errors.Is(err, errNodeUnknown) {
		return s.startFailed(err).exitCode, true
	}
	complain("%v", err)
	s.state.Phase, s.state.NextStartMs = phaseWaiting, time.Now().UnixMilli()
	s.keep(s.state)
	message := messageOf(s.state, reasonExited)
	message.ExitCode, message.Signal, message.Message = exitTryAgain, "", records.CutText(err.Error(), maxStateText)
	s.leaveMessage(message)
	return exitTryAgain, true
}

// allowedCPUs is empty where the kernel does not say.
func allowedCPUs() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return ""
	}
	return valueOfLine(string(status), "Cpus_allowed_list:")
}

func valueOfLine(text, prefix string) string {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, prefix); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func parentCgroup() string {
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	return parentCgroupIn(string(groups))
}

// parentCgroupIn takes the unified hierarchy, or that of memory where there are several. A container often sees itself as /.
func parentCgroupIn(groups string) string {
	own := ""
	for line := range strings.Lines(groups) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(fields) < 3 {
			continue
		}
		if fields[1] == "memory" {
			return path.Dir(fields[2])
		}
		if fields[0] == "0" {
			own = fields[2]
		}
	}
	if own == "" {
		return ""
	}
	return path.Dir(own)
}
