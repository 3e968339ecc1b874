// Copying trees: workers take directories from a stack; nothing is opened through a link, on either side.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

const (
	copyWorkers = 2
	namesAtOnce = 512
	// maxKnownLinks bounds the memory for files with several names; what is beyond it is copied once for each name.
	maxKnownLinks   = 65536
	sysfsFilesystem = 0x62656572
	privateMode     = 0o700
	parentMode      = 0o755
)

type fileIdentity struct{ device, inode uint64 }

func identityOf(about syscall.Stat_t) fileIdentity {
	return fileIdentity{device: uint64(about.Dev), inode: about.Ino}
}

// treeCopier copies from below the directory source to below target; paths are relative to both.
type treeCopier struct {
	source, target, temporary int
	counts                    copyCounts

	mutex sync.Mutex
	wake  sync.Cond
	// pending is a stack, so that a tree is walked to its depth first and few directories wait.
	pending []string
	busy    int
	failure error
	// links has the path of the copy of each file that has several names.
	links map[fileIdentity]string
}

func newTreeCopier(source, target string) (*treeCopier, error) {
	if err := makeTemporary(target); err != nil {
		return nil, err
	}
	c := &treeCopier{links: map[fileIdentity]string{}}
	c.wake.L = &c.mutex
	for _, directory := range []struct {
		path string
		fd   *int
	}{{source, &c.source}, {target, &c.target}, {filepath.Join(target, copyTemporaryName), &c.temporary}} {
		fd, err := syscall.Open(directory.path, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC|syscall.O_NOFOLLOW, 0)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", directory.path, err)
		}
		*directory.fd = fd
	}
	return c, nil
}

// makeTemporary drops what an interrupted copy has left half done.
func makeTemporary(target string) error {
	temporary := filepath.Join(target, copyTemporaryName)
	if err := os.RemoveAll(temporary); err != nil {
		return err
	}
	if err := os.Mkdir(temporary, privateMode); err != nil {
		return fmt.Errorf("the volume for the copy must be mounted at %s, writable: %w", target, err)
	}
	return nil
}

func (c *treeCopier) close() {
	for _, fd := range []int{c.source, c.target, c.temporary} {
		syscall.Close(fd)
	}
}

func (c *treeCopier) copySources(sources []copySource) error {
	for _, source := range sources {
		if err := c.begin(source); err != nil {
			return err
		}
		if err := c.copyPending(); err != nil {
			return err
		}
	}
	return nil
}

// begin copies a source that is a file, links one that is part of another, and makes any other one the first to walk.
func (c *treeCopier) begin(source copySource) error {
	parent, name := path.Split(source.path)
	if err := c.makeParents(strings.TrimSuffix(parent, "/")); err != nil {
		return err
	}
	if source.sameAs != "" && c.isSame(source) {
		return c.linkTree(source.sameAs, source.path)
	}
	from, err := openBeneath(c.source, path.Join(".", parent), openPath|syscall.O_DIRECTORY)
	if err != nil {
		return fmt.Errorf("/%s: %w", parent, err)
	}
	defer syscall.Close(from)
	to, err := openBeneath(c.target, path.Join(".", parent), openPath|syscall.O_DIRECTORY)
	if err != nil {
		return fmt.Errorf("/%s: %w", parent, err)
	}
	defer syscall.Close(to)
	return c.copyEntry(copyEntry{from: from, to: to, directory: strings.TrimSuffix(parent, "/"), name: name}, "begin")
}

// isSame makes sure of what the list of mounts says.
func (c *treeCopier) isSame(source copySource) bool {
	var identities [2]fileIdentity
	for i, name := range []string{source.path, source.sameAs} {
		fd, err := openBeneath(c.source, name, openPath|syscall.O_NOFOLLOW)
		if err != nil {
			return false
		}
		var about syscall.Stat_t
		err = syscall.Fstat(fd, &about)
		syscall.Close(fd)
		if err != nil {
			return false
		}
		identities[i] = identityOf(about)
	}
	return identities[0] == identities[1]
}

// makeParents makes what is above a source; the node's own modes of it are not known.
func (c *treeCopier) makeParents(directory string) error {
	made := ""
	for _, name := range strings.Split(directory, "/") {
		if name == "" {
			continue
		}
		parent, err := openBeneath(c.target, path.Join(".", made), openPath|syscall.O_DIRECTORY)
		if err != nil {
			return fmt.Errorf("/%s: %w", made, err)
		}
		err = syscall.Mkdirat(parent, name, parentMode)
		syscall.Close(parent)
		made = path.Join(made, name)
		if err != nil && err != syscall.EEXIST {
			return fmt.Errorf("/%s: %w", made, err)
		}
	}
	return nil
}

// copyPending walks all that is pending, and all that comes up on the way.
func (c *treeCopier) copyPending() error {
	var workers sync.WaitGroup
	for number := range copyWorkers {
		workers.Add(1)
		go func() {
			defer workers.Done()
			c.work(fmt.Sprintf("worker-%d", number))
		}()
	}
	workers.Wait()
	return c.failure
}

func (c *treeCopier) work(temporary string) {
	for {
		directory, ok := c.take()
		if !ok {
			return
		}
		c.give(c.copyDirectory(directory, temporary))
	}
}

func (c *treeCopier) push(directory string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.pending = append(c.pending, directory)
	c.wake.Signal()
}

// take waits while another worker may still find directories.
func (c *treeCopier) take() (string, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for len(c.pending) == 0 && c.busy > 0 && c.failure == nil {
		c.wake.Wait()
	}
	if len(c.pending) == 0 || c.failure != nil {
		return "", false
	}
	last := len(c.pending) - 1
	directory := c.pending[last]
	c.pending = c.pending[:last]
	c.busy++
	return directory, true
}

func (c *treeCopier) give(err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.busy--
	if c.failure == nil {
		c.failure = err
	}
	c.wake.Broadcast()
}

// copyDirectory copies what is in one directory, and last its own owner, mode and time.
func (c *treeCopier) copyDirectory(directory, temporary string) error {
	from, err := openBeneath(c.source, directory, syscall.O_RDONLY|syscall.O_DIRECTORY)
	if err == syscall.ENOENT {
		c.counts.vanished.Add(1)
		return nil
	}
	if err != nil {
		return fmt.Errorf("/%s on the node: %w", directory, err)
	}
	listing := os.NewFile(uintptr(from), directory)
	defer listing.Close()
	if isOfKernel(from) {
		c.counts.kernel.Add(1)
		return nil
	}
	to, err := openBeneath(c.target, directory, syscall.O_RDONLY|syscall.O_DIRECTORY)
	if err != nil {
		return fmt.Errorf("/%s in the copy: %w", directory, err)
	}
	defer syscall.Close(to)
	err = eachName(listing, func(name string) error {
		return c.copyEntry(copyEntry{from: from, to: to, directory: directory, name: name}, temporary)
	})
	if err != nil {
		return err
	}
	c.counts.directories.Add(1)
	return c.finishDirectory(from, to, directory)
}

// eachName reads few names at a time, however large the directory is.
func eachName(listing *os.File, use func(name string) error) error {
	for {
		names, err := listing.Readdirnames(namesAtOnce)
		for _, name := range names {
			if err := use(name); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (c *treeCopier) finishDirectory(from, to int, directory string) error {
	var about syscall.Stat_t
	if err := syscall.Fstat(from, &about); err != nil {
		return fmt.Errorf("/%s on the node: %w", directory, err)
	}
	if err := copyAttributes(to, about); err != nil {
		return fmt.Errorf("/%s in the copy: %w", directory, err)
	}
	return nil
}

func isOfKernel(fd int) bool {
	var about syscall.Statfs_t
	if err := syscall.Fstatfs(fd, &about); err != nil {
		return true
	}
	return int64(about.Type) == procFilesystem || int64(about.Type) == sysfsFilesystem
}
