// The allocation directory as Nomad's clients see it, out of what one container of the pod has: "alloc", and for the task a
// directory of its name. What a task can write may be anything at any time, so each path is opened by the kernel's rules.
package main

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/nomad-bridge/nomad-bridge/launcher/paths"
)

const (
	resolveNoMounts   = 0x01
	pathEscapes       = "Path escapes the alloc directory"
	allocName         = "alloc"
	secretsName       = "secrets"
	maxPrefixesToOpen = 64
)

// fileView is of one container.
type fileView struct {
	places layout
	// task is the container's own; tasks are all of the allocation.
	task  string
	tasks []string
}

// filePlace is where a path leads: below a directory of the container, or one that only this view has, with its entries.
type filePlace struct {
	// name is the path without what means nothing.
	name      string
	directory string
	below     string
	entries   []string
	isSecret  bool
}

func (p filePlace) isMadeUp() bool { return p.directory == "" }

// taskDirectories are those of a task that are directories of its container, too.
func taskDirectoryNames() []string { return []string{allocName, "local", secretsName, "tmp"} }

// locate reads a path as Nomad does: from the allocation directory, whether it begins with a slash or not.
func (v fileView) locate(given string) (filePlace, error) {
	if paths.Climbs(given, 0) {
		return filePlace{}, operationError{status: 400, text: pathEscapes}
	}
	name := strings.TrimPrefix(path.Clean("/"+given), "/")
	first, rest, _ := strings.Cut(name, "/")
	switch {
	case name == "":
		return filePlace{entries: v.rootEntries()}, nil
	case first == allocName:
		return filePlace{name: name, directory: v.places.alloc, below: rest}, nil
	case first != v.task:
		return filePlace{}, notThere(name)
	case rest == "":
		return filePlace{name: name, entries: taskDirectoryNames()}, nil
	}
	return v.locateInTask(name, rest)
}

func (v fileView) rootEntries() []string {
	entries := []string{allocName}
	for _, task := range append([]string{v.task}, v.tasks...) {
		if task != allocName && (task != v.task || len(entries) == 1) {
			entries = append(entries, task)
		}
	}
	return entries
}

func (v fileView) locateInTask(name, rest string) (filePlace, error) {
	second, below, _ := strings.Cut(rest, "/")
	for _, known := range taskDirectoryNames() {
		if second != known {
			continue
		}
		directory := filepath.Join(v.places.root, second)
		if second == allocName {
			directory = v.places.alloc
		}
		return filePlace{name: name, directory: directory, below: below, isSecret: second == secretsName}, nil
	}
	return filePlace{}, notThere(name)
}

func notThere(name string) error {
	return operationError{status: 404, text: fmt.Sprintf("stat %s: no such file or directory", name)}
}

// open names the file at a place, and cannot read it. The caller closes it.
func (p filePlace) open() (int, syscall.Stat_t, error) {
	var about syscall.Stat_t
	directory, err := syscall.Open(p.directory, openPath|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return -1, about, p.failure(err)
	}
	defer syscall.Close(directory)
	fd, err := openWithOwnersRights(directory, p.below)
	if err != nil {
		return -1, about, p.failure(err)
	}
	if err := syscall.Fstat(fd, &about); err != nil {
		syscall.Close(fd)
		return -1, about, p.failure(err)
	}
	return fd, about, nil
}

func (p filePlace) failure(err error) error {
	switch err {
	case syscall.ENOENT, syscall.ENOTDIR, syscall.ENAMETOOLONG:
		return notThere(p.name)
	case syscall.EXDEV, syscall.ELOOP:
		return operationError{status: 400, text: pathEscapes}
	}
	return operationError{status: 500, text: fmt.Sprintf("%s: %v", p.name, err)}
}

// openPlace follows links that stay below the directory, and none that leads out of it or onto another mount.
func openPlace(directory int, below string) (int, error) {
	if below == "" {
		below = "."
	}
	return openResolved(directory, below, openHow{flags: openPath, resolve: resolveBeneath | resolveNoMagic | resolveNoMounts})
}

// openWithOwnersRights opens what root alone may not, as it lacks the capability for it, with the rights of whoever has
// closed the way.
func openWithOwnersRights(directory int, below string) (int, error) {
	fd, err := openPlace(directory, below)
	if err != syscall.EACCES {
		return fd, err
	}
	owner, ok := ownerOfBarrier(directory, below)
	if !ok {
		return -1, err
	}
	err = asFileUser(owner, func() (asOwner error) {
		fd, asOwner = openPlace(directory, below)
		return asOwner
	})
	return fd, err
}

// ownerOfBarrier is who owns the last directory on the way that can still be opened.
func ownerOfBarrier(directory int, below string) (uint32, bool) {
	owner, found := uint32(0), false
	parts := strings.Split(below, "/")
	for count := range min(len(parts), maxPrefixesToOpen) {
		fd, err := openPlace(directory, strings.Join(parts[:count], "/"))
		if err != nil {
			break
		}
		var about syscall.Stat_t
		if syscall.Fstat(fd, &about) == nil {
			owner, found = about.Uid, true
		}
		syscall.Close(fd)
	}
	return owner, found
}

// reopen makes a descriptor that can be read of one that only names a regular file or a directory. A device is never
// opened, and a FIFO not waited for: the caller has looked.
func reopen(fd int, about syscall.Stat_t, flags int) (int, error) {
	open := func() (int, error) {
		return syscall.Open(descriptorPath(fd), syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY|syscall.O_CLOEXEC|flags, 0)
	}
	readable, err := open()
	if err == syscall.EACCES {
		err = asFileUser(about.Uid, func() (asOwner error) {
			readable, asOwner = open()
			return asOwner
		})
	}
	return readable, err
}
