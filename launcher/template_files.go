// The files of templates and of the dispatch payload: read and written below the task's directories, where a task can put
// links, pipes and directories at any time.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"

	"github.com/nomad-bridge/nomad-bridge/launcher/template"
)

const newDirectoryMode = 0o755

// fileMark tells two states of a file apart without reading it.
type fileMark struct {
	exists        bool
	device, inode uint64
	size          int64
	changed       syscall.Timespec
	modified      syscall.Timespec
}

// taskFile is what is to stand at a place.
type taskFile struct {
	content  []byte
	mode     uint32
	uid, gid uint32
}

// readTaskFile reads a regular file of at most template.MaxBytes. No link is followed: it would be read with the
// launcher's rights, not with the task's.
func readTaskFile(root string, place template.Place) ([]byte, fileMark, error) {
	directory, err := openDirectoryOf(root, place, false)
	if err != nil {
		return nil, fileMark{}, err
	}
	defer syscall.Close(directory)
	content, about, err := readFileIn(directory, path.Base(place.Below))
	return content, markOf(about), err
}

// readFileIn looks at what it found before it opens it: to open a pipe waits, and to open a device acts.
func readFileIn(directory int, name string) ([]byte, syscall.Stat_t, error) {
	var about syscall.Stat_t
	found, err := openFound(directory, name)
	if err != nil {
		return nil, about, err
	}
	defer syscall.Close(found)
	if err := syscall.Fstat(found, &about); err != nil {
		return nil, about, err
	}
	switch about.Mode & syscall.S_IFMT {
	case syscall.S_IFREG:
	case syscall.S_IFLNK:
		return nil, about, errors.New("it is a link, and links are not followed there; copy the file")
	default:
		return nil, about, errors.New("it is not a regular file")
	}
	fd, err := openToRead(found, about.Uid)
	if err != nil {
		return nil, about, err
	}
	file := os.NewFile(uintptr(fd), name)
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, template.MaxBytes+1))
	if err != nil {
		return nil, about, err
	}
	if len(content) > template.MaxBytes {
		return nil, about, fmt.Errorf("it is longer than %d KiB", template.MaxBytes/1024)
	}
	return content, about, nil
}

// openFound names what stands there, a link itself included, without opening it.
func openFound(directory int, name string) (int, error) {
	return openResolved(directory, name, openHow{flags: openPath | syscall.O_NOFOLLOW, resolve: resolveNoMagic})
}

// openToRead opens as the file's owner what root alone may not read. Non-blocking, because a task can hold a lease.
func openToRead(found int, owner uint32) (int, error) {
	const flags = syscall.O_RDONLY | syscall.O_NONBLOCK | syscall.O_CLOEXEC
	fd, err := syscall.Open(descriptorPath(found), flags, 0)
	if err == syscall.EACCES {
		err = asFileUser(owner, func() (asOwner error) {
			fd, asOwner = syscall.Open(descriptorPath(found), flags, 0)
			return asOwner
		})
	}
	return fd, err
}

func markOf(about syscall.Stat_t) fileMark {
	return fileMark{exists: true, device: uint64(about.Dev), inode: about.Ino, size: about.Size, changed: about.Ctim, modified: about.Mtim}
}

// markTaskFile is the mark of what stands at a place, of whatever kind.
func markTaskFile(root string, place template.Place) fileMark {
	directory, err := openDirectoryOf(root, place, false)
	if err != nil {
		return fileMark{}
	}
	defer syscall.Close(directory)
	fd, err := openFound(directory, path.Base(place.Below))
	if err != nil {
		return fileMark{}
	}
	defer syscall.Close(fd)
	var about syscall.Stat_t
	if syscall.Fstat(fd, &about) != nil {
		return fileMark{}
	}
	return markOf(about)
}

// openDirectoryOf opens the directory that a place is in, step by step, and makes what is missing if it is to be written.
func openDirectoryOf(root string, place template.Place, create bool) (int, error) {
	rootFD, err := syscall.Open(root, openPath|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	fd, err := openDirectoryNoLinks(rootFD, place.Directory)
	syscall.Close(rootFD)
	if err != nil {
		return -1, explainOpen(place.Directory, err)
	}
	parents := strings.Split(place.Below, "/")
	for _, name := range parents[:len(parents)-1] {
		next, err := openChild(fd, name, create)
		syscall.Close(fd)
		if err != nil {
			return -1, explainOpen(name, err)
		}
		fd = next
	}
	return fd, nil
}

func openChild(parent int, name string, create bool) (int, error) {
	fd, err := openDirectoryNoLinks(parent, name)
	if err != syscall.ENOENT || !create {
		return fd, err
	}
	if err := syscall.Mkdirat(parent, name, newDirectoryMode); err != nil && err != syscall.EEXIST {
		return -1, err
	}
	return openDirectoryNoLinks(parent, name)
}

func explainOpen(name string, err error) error {
	if err == syscall.ELOOP {
		return fmt.Errorf("%s is a link, and links are not followed there: %w", name, err)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// writeTaskFile replaces what stands at a place in one step; a link there is replaced itself. What already is as it is to
// be stays untouched, so that nothing that looks at the file sees a change.
func writeTaskFile(root string, place template.Place, file taskFile) error {
	directory, err := openDirectoryOf(root, place, true)
	if err != nil {
		return err
	}
	defer syscall.Close(directory)
	name := path.Base(place.Below)
	if isAlready(directory, name, file) {
		return nil
	}
	next := fmt.Sprintf(".%.200s.%s", name, strconv.FormatUint(rand.Uint64(), 36))
	if err := createTaskFile(directory, next, file); err != nil {
		_ = syscall.Unlinkat(directory, next)
		return err
	}
	if err := syscall.Renameat(directory, next, directory, name); err != nil {
		_ = syscall.Unlinkat(directory, next)
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func isAlready(directory int, name string, file taskFile) bool {
	content, about, err := readFileIn(directory, name)
	return err == nil && about.Mode&0o7777 == file.mode && about.Uid == file.uid && about.Gid == file.gid &&
		bytes.Equal(content, file.content)
}

// createTaskFile makes the file as its owner where the launcher may not give files away.
func createTaskFile(directory int, name string, file taskFile) error {
	err := createFileIn(directory, name, file)
	if !errors.Is(err, syscall.EPERM) || (file.uid == 0 && file.gid == 0) {
		return err
	}
	_ = syscall.Unlinkat(directory, name)
	asOwner := asFileUser(file.uid, func() error {
		syscall.RawSyscall(syscall.SYS_SETFSGID, uintptr(file.gid), 0, 0)
		defer syscall.RawSyscall(syscall.SYS_SETFSGID, 0, 0, 0)
		return createFileIn(directory, name, file)
	})
	if asOwner != nil {
		return fmt.Errorf("the file cannot be given to %d:%d without the capability CAP_CHOWN; add chown to cap_add: %w", file.uid, file.gid, asOwner)
	}
	return nil
}

func createFileIn(directory int, name string, file taskFile) error {
	how := openHow{
		flags:   syscall.O_WRONLY | syscall.O_CREAT | syscall.O_EXCL,
		mode:    0o600,
		resolve: resolveNoSymlinks | resolveNoMagic,
	}
	fd, err := openResolved(directory, name, how)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	opened := os.NewFile(uintptr(fd), name)
	_, err = opened.Write(file.content)
	var about syscall.Stat_t
	if err == nil {
		err = syscall.Fstat(fd, &about)
	}
	if err == nil && (about.Uid != file.uid || about.Gid != file.gid) {
		err = syscall.Fchown(fd, int(file.uid), int(file.gid))
	}
	if err == nil {
		err = syscall.Fchmod(fd, file.mode)
	}
	if closeErr := opened.Close(); err == nil {
		err = closeErr
	}
	return err
}
