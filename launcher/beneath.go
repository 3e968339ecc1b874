// Opening files where a task can write: beneath a directory, and never through the magic links of /proc.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"
)

const (
	sysOpenat2        = 437
	openPath          = 0x200000
	resolveNoMagic    = 0x02
	resolveNoSymlinks = 0x04
	resolveBeneath    = 0x08
	resolveInRoot     = 0x10
	procFilesystem    = 0x9fa0
)

type openHow struct {
	flags, mode, resolve uint64
}

// openResolved opens path below the directory fd by the kernel's own rules for resolving. Kernels before 5.6 and some
// seccomp profiles refuse the call with ENOSYS or EPERM: then it is an error, not a weaker check.
func openResolved(directory int, path string, how openHow) (int, error) {
	name, err := syscall.BytePtrFromString(path)
	if err != nil {
		return -1, err
	}
	how.flags |= syscall.O_CLOEXEC
	for {
		fd, _, errno := syscall.Syscall6(sysOpenat2, uintptr(directory), uintptr(unsafe.Pointer(name)),
			uintptr(unsafe.Pointer(&how)), unsafe.Sizeof(how), 0, 0)
		if errno == 0 {
			return int(fd), nil
		}
		if errno != syscall.EINTR && errno != syscall.EAGAIN {
			return -1, errno
		}
	}
}

// openInRoot opens path, which is absolute, as if root were "/": links inside are followed, also absolute ones, but
// none leads out. The result only names the file; it cannot be read.
func openInRoot(root, path string, flags uint64) (int, error) {
	directory, err := syscall.Open(root, openPath|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer syscall.Close(directory)
	relative := strings.TrimLeft(path, "/")
	if relative == "" {
		relative = "."
	}
	return openResolved(directory, relative, openHow{flags: openPath | flags, resolve: resolveInRoot | resolveNoMagic})
}

// descriptorPath is a name for an open file that leads to exactly that file, whatever happens to its path.
func descriptorPath(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }

// isOnProc says whether an open file belongs to a proc file system.
func isOnProc(fd int) bool {
	var about syscall.Statfs_t
	return syscall.Fstatfs(fd, &about) != nil || int64(about.Type) == procFilesystem
}

// openOrMakeWorkDir makes a directory that is not there, as Nomad's exec driver does in the task's own root.
func openOrMakeWorkDir(root, path string, uid uint32) (int, error) {
	fd, err := openWorkDir(root, path, uid)
	if errors.Is(err, syscall.ENOENT) && makeDirectories(root, path) {
		return openWorkDir(root, path, uid)
	}
	return fd, err
}

// openWorkDir opens the directory that a task starts in, as its user where root alone may not. /proc is refused in any
// disguise: a descriptor found there can lead out of the container.
func openWorkDir(root, path string, uid uint32) (int, error) {
	fd, err := openInRoot(root, path, syscall.O_DIRECTORY)
	if err == syscall.EACCES {
		err = asFileUser(uid, func() (asUser error) {
			fd, asUser = openInRoot(root, path, syscall.O_DIRECTORY)
			return asUser
		})
	}
	if err != nil {
		return -1, fmt.Errorf("failed to use work_dir %q: %w", path, err)
	}
	if isOnProc(fd) {
		syscall.Close(fd)
		return -1, fmt.Errorf("failed to use work_dir %q: it is in /proc", path)
	}
	return fd, nil
}

// makeDirectories makes what is missing of a path, and follows no link on the way.
func makeDirectories(root, path string) bool {
	fd, err := syscall.Open(root, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	for _, name := range strings.Split(strings.Trim(filepath.Clean("/"+path), "/"), "/") {
		if err != nil {
			return false
		}
		made := syscall.Mkdirat(fd, name, 0o755)
		next := -1
		if err = made; made == nil || made == syscall.EEXIST {
			next, err = openDirectoryNoLinks(fd, name)
		}
		syscall.Close(fd)
		fd = next
	}
	if err != nil {
		return false
	}
	return syscall.Close(fd) == nil
}

// openDirectoryNoLinks opens one directory below another without following a link.
func openDirectoryNoLinks(parent int, name string) (int, error) {
	how := openHow{flags: syscall.O_RDONLY | syscall.O_DIRECTORY, resolve: resolveNoSymlinks | resolveNoMagic}
	return openResolved(parent, name, how)
}

// openBeneath follows no link in any part of the path, and never leaves the directory.
func openBeneath(directory int, name string, flags uint64) (int, error) {
	return openResolved(directory, name, openHow{flags: flags, resolve: resolveBeneath | resolveNoSymlinks | resolveNoMagic})
}

// nobodyID is the user and the group that the task directories belong to on Nomad, whatever the task's user is.
const nobodyID = 65534

// prepareTaskDirectories gives the directories that Nomad promises their owner and modes, where the pod has them.
func prepareTaskDirectories(root string) error {
	rootFD, err := syscall.Open(root, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(rootFD)
	for _, directory := range []struct {
		name     string
		mode     uint32
		children []string
	}{
		{name: "alloc", mode: 0o777, children: []string{"data", "logs", "tmp"}},
		{name: "local", mode: 0o777},
		{name: "secrets", mode: 0o777},
		{name: "tmp", mode: 0o1777},
	} {
		if err := prepareDirectory(rootFD, directory.name, directory.mode, true, directory.children); err != nil {
			return fmt.Errorf("the directory /%s cannot be prepared: %w", directory.name, err)
		}
	}
	return nil
}

// prepareDirectory changes the owner only of what is the pod's own for certain: a volume of the node can be mounted below.
func prepareDirectory(parent int, name string, mode uint32, isOwn bool, children []string) error {
	fd, err := openDirectoryNoLinks(parent, name)
	if err == syscall.ENOENT {
		return nil
	}
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	if isOwn {
		if err := ensureOwner(fd); err != nil {
			return err
		}
	}
	if err := ensureMode(fd, mode); err != nil {
		return err
	}
	for _, child := range children {
		made := syscall.Mkdirat(fd, child, 0o777)
		if made != nil && made != syscall.EEXIST {
			return made
		}
		// The task can put anything in its place, and another task of the group must not fail for it.
		if err := prepareDirectory(fd, child, mode, made == nil, nil); err != nil {
			complain("the directory %s stays as the task has left it: %v", child, err)
		}
	}
	return nil
}

// ensureOwner gives a directory to nobody that is still as kubelet or Mkdirat has made it. One that the task has given to
// somebody else stays theirs, as it does over a restart on Nomad.
func ensureOwner(fd int) error {
	var about syscall.Stat_t
	if err := syscall.Fstat(fd, &about); err != nil {
		return err
	}
	if about.Uid != 0 || about.Gid != 0 {
		return nil
	}
	return syscall.Fchown(fd, nobodyID, nobodyID)
}

// ensureMode changes a mode only where it differs, so that a read-only mount with the right one is fine.
func ensureMode(fd int, mode uint32) error {
	var about syscall.Stat_t
	if err := syscall.Fstat(fd, &about); err != nil {
		return err
	}
	if about.Mode&0o7777 == mode {
		return nil
	}
	return chmodAsOwner(descriptorPath(fd), mode, about.Uid)
}

// chmodAsOwner falls back to the owner's own right to change the mode.
func chmodAsOwner(path string, mode, owner uint32) error {
	err := syscall.Chmod(path, mode)
	if err != syscall.EPERM {
		return err
	}
	return asFileUser(owner, func() error { return syscall.Chmod(path, mode) })
}

// realPathOf is where an open file is at this moment.
func realPathOf(fd int) (string, error) { return os.Readlink(descriptorPath(fd)) }
