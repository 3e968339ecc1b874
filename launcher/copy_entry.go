// Copying one entry of a directory: a file with its attributes, a link as it is, and the start of another directory.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"syscall"
	"unsafe"
)

const (
	fileCapabilities    = "security.capability"
	maxFileCapabilities = 256
	maxLinkText         = 4096
	atSymlinkNoFollow   = 0x100
	setIDBits           = syscall.S_ISUID | syscall.S_ISGID
)

// copyEntry is a name in two open directories; directory is their path, below the source and the target.
type copyEntry struct {
	from, to  int
	directory string
	name      string
}

func (e copyEntry) path() string { return path.Join(e.directory, e.name) }

// copyEntry looks at what the name is before it opens it: opening a device or a pipe can do things. What is not a file,
// a link or a directory is left out, as Nomad does.
func (c *treeCopier) copyEntry(entry copyEntry, temporary string) error {
	fd, err := syscall.Openat(entry.from, entry.name, openPath|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	if err == syscall.ENOENT {
		c.counts.vanished.Add(1)
		return nil
	}
	if err != nil {
		return fmt.Errorf("/%s on the node: %w", entry.path(), err)
	}
	defer syscall.Close(fd)
	var about syscall.Stat_t
	if err := syscall.Fstat(fd, &about); err != nil {
		return fmt.Errorf("/%s on the node: %w", entry.path(), err)
	}
	switch about.Mode & syscall.S_IFMT {
	case syscall.S_IFDIR:
		err = c.startDirectory(entry)
	case syscall.S_IFREG:
		err = c.copyFile(entry, fd, about, temporary)
	case syscall.S_IFLNK:
		err = c.copySymlink(entry, fd, about)
	case syscall.S_IFSOCK:
		c.counts.sockets.Add(1)
	case syscall.S_IFIFO:
		c.counts.fifos.Add(1)
	default:
		c.counts.devices.Add(1)
	}
	if err != nil {
		return fmt.Errorf("/%s: %w", entry.path(), err)
	}
	return nil
}

func (c *treeCopier) startDirectory(entry copyEntry) error {
	if err := syscall.Mkdirat(entry.to, entry.name, privateMode); err != nil && err != syscall.EEXIST {
		return err
	}
	c.push(entry.path())
	return nil
}

// copySymlink keeps the text of the link, wherever it leads.
func (c *treeCopier) copySymlink(entry copyEntry, fd int, about syscall.Stat_t) error {
	text, err := readLinkOf(fd)
	if err != nil {
		return err
	}
	if err := symlinkAt(text, entry.to, entry.name); err != nil {
		return c.keptIfThere(err)
	}
	c.counts.symlinks.Add(1)
	if err := syscall.Fchownat(entry.to, entry.name, int(about.Uid), int(about.Gid), atSymlinkNoFollow); err != nil {
		return err
	}
	return setTimes(entry.to, entry.name, about)
}

func (c *treeCopier) keptIfThere(err error) error {
	if err != syscall.EEXIST {
		return err
	}
	c.counts.kept.Add(1)
	return nil
}

// copyFile never links to the node's file. A copy gets its name only when it is whole.
func (c *treeCopier) copyFile(entry copyEntry, fd int, about syscall.Stat_t, temporary string) error {
	if isThere(entry.to, entry.name) {
		c.counts.kept.Add(1)
		return nil
	}
	if about.Nlink > 1 && c.linkToCopy(entry, about) {
		return nil
	}
	if err := c.writeFile(fd, about, temporary); err != nil {
		return err
	}
	if err := syscall.Renameat(c.temporary, temporary, entry.to, entry.name); err != nil {
		return err
	}
	if about.Nlink > 1 {
		c.rememberCopy(entry, about)
	}
	c.counts.files.Add(1)
	if about.Mode&setIDBits != 0 {
		c.counts.setuid.Add(1)
	}
	return nil
}

func isThere(directory int, name string) bool {
	fd, err := syscall.Openat(directory, name, openPath|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	syscall.Close(fd)
	return true
}

// linkToCopy keeps two names of one file two names of one copy. Where that cannot be, there are two copies.
func (c *treeCopier) linkToCopy(entry copyEntry, about syscall.Stat_t) bool {
	c.mutex.Lock()
	first, ok := c.links[identityOf(about)]
	c.mutex.Unlock()
	if !ok || linkAt(c.target, first, entry.to, entry.name) != nil {
		return false
	}
	c.counts.hardLinks.Add(1)
	return true
}

func (c *treeCopier) rememberCopy(entry copyEntry, about syscall.Stat_t) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.links) < maxKnownLinks {
		c.links[identityOf(about)] = entry.path()
	}
}

// writeFile opens exactly the file that fd names. io.Copy has the kernel copy, and share blocks where it can.
func (c *treeCopier) writeFile(fd int, about syscall.Stat_t, temporary string) error {
	source, err := os.Open(descriptorPath(fd))
	if err != nil {
		return err
	}
	defer source.Close()
	const flags = syscall.O_WRONLY | syscall.O_CREAT | syscall.O_TRUNC | syscall.O_NOFOLLOW | syscall.O_CLOEXEC
	next, err := syscall.Openat(c.temporary, temporary, flags, privateMode)
	if err != nil {
		return err
	}
	copied := os.NewFile(uintptr(next), temporary)
	err = c.fill(copied, source, about)
	return errors.Join(err, copied.Close())
}

func (c *treeCopier) fill(copied, source *os.File, about syscall.Stat_t) error {
	bytes, err := io.Copy(copied, source)
	c.counts.bytes.Add(bytes)
	if err != nil {
		return err
	}
	fd := int(copied.Fd())
	if err := copyAttributes(fd, about); err != nil {
		return err
	}
	if !copyFileCapabilities(int(source.Fd()), fd) {
		c.counts.withoutFileCapabilities.Add(1)
	}
	return nil
}

// copyAttributes gives owner, mode and time. The mode comes after the owner, whose change takes the set-user-ID bit away.
func copyAttributes(fd int, about syscall.Stat_t) error {
	if err := syscall.Fchown(fd, int(about.Uid), int(about.Gid)); err != nil {
		return err
	}
	if err := syscall.Fchmod(fd, about.Mode&0o7777); err != nil {
		return err
	}
	return setTimes(fd, "", about)
}

// copyFileCapabilities says false where the file has capabilities that the copy cannot have.
func copyFileCapabilities(from, to int) bool {
	var value [maxFileCapabilities]byte
	size, err := syscall.Getxattr(descriptorPath(from), fileCapabilities, value[:])
	if err == syscall.ENODATA || err == syscall.EOPNOTSUPP {
		return true
	}
	return err == nil && syscall.Setxattr(descriptorPath(to), fileCapabilities, value[:size], 0) == nil
}

// setTimes sets the time of the open file, or of the name in the directory; a name may be a link.
func setTimes(fd int, name string, about syscall.Stat_t) error {
	times := [2]syscall.Timespec{about.Atim, about.Mtim}
	var pointer *byte
	flags := uintptr(0)
	if name != "" {
		var err error
		if pointer, err = syscall.BytePtrFromString(name); err != nil {
			return err
		}
		flags = atSymlinkNoFollow
	}
	_, _, errno := syscall.Syscall6(syscall.SYS_UTIMENSAT, uintptr(fd), uintptr(unsafe.Pointer(pointer)),
		uintptr(unsafe.Pointer(&times)), flags, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func readLinkOf(fd int) (string, error) {
	var text [maxLinkText]byte
	empty, err := syscall.BytePtrFromString("")
	if err != nil {
		return "", err
	}
	size, _, errno := syscall.Syscall6(syscall.SYS_READLINKAT, uintptr(fd), uintptr(unsafe.Pointer(empty)),
		uintptr(unsafe.Pointer(&text)), maxLinkText, 0, 0)
	if errno != 0 {
		return "", errno
	}
	return string(text[:size]), nil
}

func symlinkAt(text string, directory int, name string) error {
	target, err := syscall.BytePtrFromString(text)
	if err != nil {
		return err
	}
	pointer, err := syscall.BytePtrFromString(name)
	if err != nil {
		return err
	}
	_, _, errno := syscall.Syscall(syscall.SYS_SYMLINKAT, uintptr(unsafe.Pointer(target)), uintptr(directory),
		uintptr(unsafe.Pointer(pointer)))
	if errno != 0 {
		return errno
	}
	return nil
}

// linkAt follows no link in the last part of either name.
func linkAt(from int, name string, to int, second string) error {
	original, err := syscall.BytePtrFromString(name)
	if err != nil {
		return err
	}
	pointer, err := syscall.BytePtrFromString(second)
	if err != nil {
		return err
	}
	_, _, errno := syscall.Syscall6(syscall.SYS_LINKAT, uintptr(from), uintptr(unsafe.Pointer(original)), uintptr(to),
		uintptr(unsafe.Pointer(pointer)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
