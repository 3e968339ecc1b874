// raw_exec: the task runs in its node's own root file system, as the node's users, with all that root may do there.
package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
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
	directories, err := findHostDirectories(places, podUID)
	if err != nil {
		return taskDocument{}, err
	}
	if err := prepareHostTask(places, directories); err != nil {
		return taskDocument{}, fmt.Errorf("the task's directory cannot be made: %w", err)
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

// prepareHostTask makes the directory that a task of raw_exec starts in, with what a task directory of Nomad holds.
func prepareHostTask(places layout, directories hostDirectories) error {
	own := filepath.Join(places.stateDirectory, taskDirectoryName)
	if err := os.Mkdir(own, directoryMode); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := os.Chmod(own, 0o777); err != nil {
		return err
	}
	for name, target := range directories.byName() {
		if err := os.Symlink(target, filepath.Join(own, name)); err != nil && !errors.Is(err, os.ErrExist) {
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

// planOnHost is planSpawn for raw_exec. The document must be that of documentOnHost.
func planOnHost(places layout, document taskDocument, podUID string) (spawnPlan, error) {
	host := hostSpawn{root: places.hostRoot()}
	var err error
	if host.directories, err = findHostDirectories(places, podUID); err != nil {
		return spawnPlan{}, err
	}
	user, groups, err := resolveHostUser(host.root, document)
	if err != nil {
		return spawnPlan{}, err
	}
	host.groups = groups
	capabilities, err := taskCapabilities(document)
	if err != nil {
		return spawnPlan{}, err
	}
	workDir, err := openWorkDir(host.root, document.WorkDir, user.uid)
	if err != nil {
		return spawnPlan{}, err
	}
	environment := taskEnvironment(document, user, podUID)
	return spawnPlan{user: user, capabilities: capabilities, environment: environment, workDir: workDir, host: &host}, nil
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

// taskCommand is the path of the task's program where the task sees it.
func (p spawnPlan) taskCommand(root string, document taskDocument) (string, error) {
	if p.host == nil {
		return findTaskCommand(root, document.Command, document.Mounts)
	}
	return p.host.findTaskCommand(document.Command, environmentValue(p.environment, "PATH"))
}

// sessionCommand is the path of an exec session's program.
func (p spawnPlan) sessionCommand(command string, document taskDocument) (string, error) {
	if p.host == nil {
		return findExecCommand(command, document.Env["PATH"], document.WorkDir)
	}
	return p.host.findSessionCommand(command, environmentValue(p.environment, "PATH"), document.WorkDir)
}

// environmentValue is that of the last entry of the name, or empty.
func environmentValue(environment []string, name string) string {
	value := ""
	for _, entry := range environment {
		if found, ok := strings.CutPrefix(entry, name+"="); ok {
			value = found
		}
	}
	return value
}

// findTaskCommand searches in Nomad's order: in local, in the task's directory, on the node by an absolute path, and in
// the PATH of the task. A file of the task's own is made executable, those of the node are left alone.
func (h *hostSpawn) findTaskCommand(command, searchPath string) (string, error) {
	for _, directory := range []string{h.directories.local, h.directories.task} {
		place := searchPlace{path: path.Join(directory, path.Clean("/"+command)), below: directory}
		found, err := h.useOwn(place)
		if err != nil {
			return "", err
		}
		if found {
			return place.path, nil
		}
	}
	if path.IsAbs(command) && h.isRegular(command) {
		return command, nil
	}
	if !strings.Contains(command, "/") {
		if candidate, ok := h.inPath(command, searchPath, h.directories.task); ok {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("binary %q could not be found", command)
}

// useOwn changes the mode only of a file that really is in one of the task's directories.
func (h *hostSpawn) useOwn(place searchPlace) (bool, error) {
	fd, err := openInRoot(h.root, place.path, 0)
	if err != nil {
		return false, nil
	}
	defer syscall.Close(fd)
	var about syscall.Stat_t
	if err := syscall.Fstat(fd, &about); err != nil || about.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return false, nil
	}
	if about.Mode&0o111 != 0 {
		return true, nil
	}
	real, err := h.realPath(fd)
	if err != nil {
		return false, err
	}
	for _, directory := range []string{h.directories.local, h.directories.alloc, h.directories.task} {
		if isBelow(real, directory) {
			return true, chmodAsOwner(descriptorPath(fd), about.Mode&0o7777|0o555, about.Uid)
		}
	}
	return true, nil // the kernel refuses to run it, and says why
}

func (h *hostSpawn) realPath(fd int) (string, error) {
	real, err := realPathOf(fd)
	if err != nil {
		return "", err
	}
	root, err := filepath.EvalSymlinks(h.root)
	if err != nil {
		return "", err
	}
	return path.Join("/", strings.TrimPrefix(real, root)), nil
}

func (h *hostSpawn) isRegular(candidate string) bool {
	about, err := h.stat(candidate)
	return err == nil && about.Mode&syscall.S_IFMT == syscall.S_IFREG
}

func (h *hostSpawn) stat(candidate string) (syscall.Stat_t, error) {
	var about syscall.Stat_t
	fd, err := openInRoot(h.root, candidate, 0)
	if err != nil {
		return about, err
	}
	defer syscall.Close(fd)
	return about, syscall.Fstat(fd, &about)
}

// checkExecutable has the texts of the function of that name.
func (h *hostSpawn) checkExecutable(candidate string) error {
	about, err := h.stat(candidate)
	switch {
	case err != nil:
	case about.Mode&syscall.S_IFMT == syscall.S_IFDIR:
		err = syscall.EISDIR
	case about.Mode&0o111 == 0:
		err = syscall.EACCES
	default:
		return nil
	}
	return fmt.Errorf("%q: %w", candidate, err)
}

func (h *hostSpawn) inPath(command, searchPath, workDir string) (string, bool) {
	if searchPath == "" {
		searchPath = defaultPath
	}
	for _, directory := range strings.Split(searchPath, ":") {
		candidate := absoluteFrom(workDir, path.Join(directory, command))
		if h.checkExecutable(candidate) == nil {
			return candidate, true
		}
	}
	return "", false
}

func (h *hostSpawn) findSessionCommand(command, searchPath, workDir string) (string, error) {
	if command == "" {
		return "", fmt.Errorf("the command is empty")
	}
	if strings.Contains(command, "/") {
		candidate := absoluteFrom(workDir, command)
		return candidate, h.checkExecutable(candidate)
	}
	candidate, ok := h.inPath(command, searchPath, workDir)
	if !ok {
		return "", fmt.Errorf("%q: executable file not found in $PATH", command)
	}
	return candidate, nil
}
