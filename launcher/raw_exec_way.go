// A way to its own directories for a user of raw_exec that is not root: kubelet keeps pods where only root may pass.
package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/nomad-bridge/nomad-bridge/launcher/users"
)

// wayDirectory is one of the task's directories: where the container has it, and where the node has it.
type wayDirectory struct{ inside, onNode string }

// wayFor lets a user reach the task's directories by the paths that they have on the node. Where it may not pass, the
// container, and it alone, gets an empty directory in memory with nothing but the task's own directories in it: there is
// nothing else below that the user could have seen. Nothing is changed on the node itself.
func wayFor(places layout, host hostSpawn, user users.User) error {
	if user.UID == 0 {
		return nil
	}
	directories := host.directories.wayDirectories(places)
	for _, directory := range directories {
		barrier, err := host.barrier(directory.onNode, user)
		if err != nil {
			return err
		}
		if barrier == "" {
			continue
		}
		if err := host.coverBarrier(barrier, directories); err != nil {
			return fmt.Errorf("%s, which only root may pass, cannot be covered: %w", barrier, err)
		}
	}
	return nil
}

func (d hostDirectories) wayDirectories(places layout) []wayDirectory {
	directories := []wayDirectory{{inside: places.taskDirectory(), onNode: d.task}}
	for name, onNode := range d.byName() {
		directories = append(directories, wayDirectory{inside: filepath.Join(places.root, name), onNode: onNode})
	}
	return directories
}

// barrier is the first directory above another that the user may not pass; empty: there is none.
func (h *hostSpawn) barrier(directory string, user users.User) (string, error) {
	passed := "/"
	for _, name := range strings.Split(strings.Trim(path.Dir(directory), "/"), "/") {
		passed = path.Join(passed, name)
		about, err := h.stat(passed)
		if err != nil {
			return "", fmt.Errorf("%s: %w", passed, err)
		}
		if !mayPass(about, user, h.groups) {
			return passed, nil
		}
	}
	return "", nil
}

// mayPass is the kernel's rule for searching a directory: of owner, group and others, the first that fits decides.
func mayPass(about syscall.Stat_t, user users.User, groups []uint32) bool {
	switch {
	case about.Uid == user.UID:
		return about.Mode&0o100 != 0
	case about.Gid == user.GID || slices.Contains(groups, about.Gid):
		return about.Mode&0o010 != 0
	}
	return about.Mode&0o001 != 0
}

// coverBarrier first makes sure that the mounts cannot come out on the node.
func (h *hostSpawn) coverBarrier(barrier string, directories []wayDirectory) error {
	if err := syscall.Mount("", h.root, "", syscall.MS_SLAVE|syscall.MS_REC, ""); err != nil {
		return err
	}
	const flags = syscall.MS_NOSUID | syscall.MS_NODEV
	if err := h.mountAt("tmpfs", barrier, "tmpfs", flags, "mode=0755,size=1m"); err != nil {
		return err
	}
	for _, directory := range directories {
		relative, isBehind := belowDirectory(directory.onNode, barrier)
		if !isBehind {
			continue
		}
		if err := h.makeBehind(barrier, relative); err != nil {
			return err
		}
		if err := h.mountAt(directory.inside, directory.onNode, "", syscall.MS_BIND, ""); err != nil {
			return err
		}
	}
	return nil
}

// mountAt takes the target as the node sees it: a link there stays on the node.
func (h *hostSpawn) mountAt(source, target, kind string, flags uintptr, options string) error {
	fd, err := openInRoot(h.root, target, syscall.O_DIRECTORY)
	if err != nil {
		return fmt.Errorf("%s: %w", target, err)
	}
	defer syscall.Close(fd)
	return syscall.Mount(source, descriptorPath(fd), kind, flags, options)
}

func (h *hostSpawn) makeBehind(barrier, relative string) error {
	fd, err := openInRoot(h.root, barrier, syscall.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	return os.MkdirAll(filepath.Join(descriptorPath(fd), relative), directoryMode)
}
