// Where a command of raw_exec is: Nomad's search on the node, for the task's own command and for those of exec sessions.
package main

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// taskCommand is the path of the task's program where the task sees it.
func (p spawnPlan) taskCommand(root string, mounts []string) (string, error) {
	if p.host == nil {
		return findTaskCommand(root, p.command, mounts)
	}
	return p.host.findTaskCommand(p.command, p.variable("PATH"))
}

// sessionCommand is the path of an exec session's program.
func (p spawnPlan) sessionCommand(command string) (string, error) {
	if p.host == nil {
		return findExecCommand(command, p.variable("PATH"), p.workPath)
	}
	return p.host.findSessionCommand(command, p.variable("PATH"), p.workPath)
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
