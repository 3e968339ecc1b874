// raw_exec: the task runs in its node's own root file system, as the node's users, with all that root may do there.
package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"syscall"
)

const (
	hostRootName      = "host-root"
	taskDirectoryName = "task"
	maxUserFileBytes  = 4 * 1024 * 1024
)

// hostSpawn is what is different for a process that starts on the node.
type hostSpawn struct {
	// root is where the container sees the node's "/".
	root        string
	groups      []uint32
	directories hostDirectories
}

func (l layout) hostRoot() string { return l.bridgeFile(hostRootName) }

// documentOnHost is the document as the task sees it: on the node, Nomad's directories have other paths. A work
// directory of "/" is that of a task that asks for none: its own directory.
func documentOnHost(places layout, document taskDocument, podUID string) (taskDocument, error) {
	if document.Driver != driverRawExec {
		return document, nil
	}
	if err := makeTaskDirectory(places); err != nil {
		return taskDocument{}, fmt.Errorf("the task's directory cannot be made: %w", err)
	}
	directories, err := findHostDirectories(places, podUID)
	if err != nil {
		return taskDocument{}, err
	}
	if err := fillTaskDirectory(places, directories); err != nil {
		return taskDocument{}, fmt.Errorf("the task's directory cannot be filled: %w", err)
	}
	document.Env = maps.Clone(document.Env)
	document.Env["NOMAD_TASK_DIR"] = directories.local
	document.Env["NOMAD_ALLOC_DIR"] = directories.alloc
	document.Env["NOMAD_SECRETS_DIR"] = directories.secrets
	if document.WorkDir == "/" {
		document.WorkDir = directories.task
	}
	return document, nil
}

// taskDirectory is what a task of raw_exec starts in. Its state directory is its own, and on the node.
func (l layout) taskDirectory() string { return filepath.Join(l.stateDirectory, taskDirectoryName) }

func makeTaskDirectory(places layout) error {
	if err := os.Mkdir(places.taskDirectory(), directoryMode); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return os.Chmod(places.taskDirectory(), 0o777)
}

// fillTaskDirectory puts there what a task directory of Nomad holds.
func fillTaskDirectory(places layout, directories hostDirectories) error {
	for name, target := range directories.byName() {
		if err := os.Symlink(target, filepath.Join(places.taskDirectory(), name)); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

// taskCapabilities is what the task's processes may hold: on the node, as on Nomad, whatever the launcher holds.
func taskCapabilities(document taskDocument) (capabilitySet, error) {
	if document.Driver == driverRawExec {
		return ^capabilitySet(0), nil
	}
	return capabilitySetOf(document.Capabilities)
}

// planOnHost is plan for raw_exec. The document must be that of documentOnHost.
func (r spawnRequest) planOnHost() (spawnPlan, error) {
	host := hostSpawn{root: r.places.hostRoot()}
	var err error
	if host.directories, err = findHostDirectories(r.places, r.podUID); err != nil {
		return spawnPlan{}, err
	}
	plan := spawnPlan{host: &host}
	if plan.user, host.groups, err = resolveHostUser(host.root, r.document); err != nil {
		return spawnPlan{}, err
	}
	if err := wayFor(r.places, host, plan.user); err != nil {
		complain("the user %s cannot reach the task's directories on the node: %v", plan.user.Name, err)
	}
	if plan.capabilities, err = taskCapabilities(r.document); err != nil {
		return spawnPlan{}, err
	}
	if err := r.interpolate(&plan); err != nil {
		return spawnPlan{}, err
	}
	if plan.workDir, err = openWorkDir(host.root, plan.workPath, plan.user.UID); err != nil {
		return spawnPlan{}, err
	}
	return plan, nil
}

// multiplexer makes terminals that have a name where the process sees them.
func (h *hostSpawn) multiplexer() string {
	if h == nil {
		return multiplexer
	}
	return filepath.Join(h.root, multiplexer)
}

// apply makes a start one on the node. A user other than root has no capabilities there, as after any setuid. The
// descriptor of the work directory leads there also where a user may not pass: kubelet's directory is root's.
func (h *hostSpawn) apply(attributes *syscall.SysProcAttr) {
	if h == nil {
		return
	}
	attributes.Chroot = h.root
	attributes.Credential.Groups = h.groups
	attributes.AmbientCaps = nil
}
