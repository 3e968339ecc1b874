// Writing the entries of an archive or a repository: whatever they are called, they stay inside, and are files, directories
// and links that stay inside.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

const (
	maxNameBytes = 4096
	maxDepth     = 256
)

// tree is a directory that only this program writes to. Names are checked, and os.Root confines them once more.
type tree struct {
	root   *os.Root
	budget *budget
	// made are the directories that are known to be real ones.
	made map[string]bool
	// modes of directories are set at the end: one that cannot be written to must be filled first.
	modes map[string]fs.FileMode
}

func newTree(root *os.Root, limits *budget) *tree {
	return &tree{root: root, budget: limits, made: map[string]bool{".": true}, modes: map[string]fs.FileMode{}}
}

// entryName is the clean form of an entry's name.
func entryName(name string) (string, error) {
	if strings.HasPrefix(name, "/") {
		return "", fmt.Errorf("the entry %q has an absolute name", name)
	}
	if strings.ContainsAny(name, "\x00\\") {
		return "", fmt.Errorf("the entry %q has a name with a NUL or a backslash", name)
	}
	for _, part := range strings.Split(name, "/") {
		if part == ".." {
			return "", fmt.Errorf("the entry %q leads out of the destination", name)
		}
	}
	clean := path.Clean(name)
	if len(clean) > maxNameBytes || strings.Count(clean, "/") >= maxDepth {
		return "", fmt.Errorf("the entry %.80q... has too long a name", name)
	}
	return clean, nil
}

// linkTarget allows what stays inside whatever else the tree holds: relative, and ".." only at the front, where the
// directories above the link are real ones.
func linkTarget(name, target string) error {
	refused := fmt.Errorf("the link %q leads out of the destination, to %q", name, target)
	if target == "" || strings.HasPrefix(target, "/") || strings.ContainsAny(target, "\x00\\") || len(target) > maxNameBytes {
		return refused
	}
	depth, descended := strings.Count(name, "/"), false
	for _, part := range strings.Split(target, "/") {
		switch part {
		case "", ".":
		case "..":
			if depth--; depth < 0 || descended {
				return refused
			}
		default:
			descended = true
		}
	}
	return nil
}

func (t *tree) directory(name string, mode fs.FileMode) error {
	clean, err := entryName(name)
	if err != nil {
		return err
	}
	if err := t.budget.entry(); err != nil {
		return err
	}
	if clean == "." {
		return nil
	}
	if err := t.makeDirectory(clean); err != nil {
		return err
	}
	t.modes[clean] = mode.Perm() | 0o700
	return nil
}

// makeDirectory makes those above as well. What is there already must be a directory and no link to one.
func (t *tree) makeDirectory(name string) error {
	if t.made[name] {
		return nil
	}
	if err := t.makeDirectory(path.Dir(name)); err != nil {
		return err
	}
	about, err := t.root.Lstat(name)
	switch {
	case err == nil && !about.IsDir():
		return fmt.Errorf("the entry %q is in the way of a directory of that name", name)
	case err == nil:
	case errors.Is(err, fs.ErrNotExist):
		if err := t.root.Mkdir(name, 0o755); err != nil {
			return err
		}
	default:
		return err
	}
	t.made[name] = true
	return nil
}

// file writes a regular file. A later one of the same name takes the place of the first, as tar has it; it is never written
// through what is there.
func (t *tree) file(name string, mode fs.FileMode, declared int64, content io.Reader) error {
	clean, err := t.newEntry(name)
	if err != nil {
		return err
	}
	if err := t.budget.fits(declared); err != nil {
		return err
	}
	if about, err := t.root.Lstat(clean); err == nil {
		if !about.Mode().IsRegular() {
			return fmt.Errorf("the entry %q is there twice, as a file and as something else", name)
		}
		if err := t.root.Remove(clean); err != nil {
			return err
		}
	}
	file, err := t.root.OpenFile(clean, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = t.budget.copy(file, content)
	if err == nil {
		err = file.Chmod(mode.Perm() | 0o600)
	}
	return errors.Join(err, file.Close())
}

// symlink refuses a name that is there already, so that nothing can be replaced by a link.
func (t *tree) symlink(name, target string) error {
	clean, err := t.newEntry(name)
	if err != nil {
		return err
	}
	if err := linkTarget(clean, target); err != nil {
		return err
	}
	return t.root.Symlink(target, clean)
}

// hardLink leads to a regular file of this tree that has been written before.
func (t *tree) hardLink(name, target string) error {
	clean, err := t.newEntry(name)
	if err != nil {
		return err
	}
	from, err := entryName(target)
	if err != nil {
		return fmt.Errorf("the link %q leads out of the destination, to %q", name, target)
	}
	about, err := t.root.Lstat(from)
	if err != nil || !about.Mode().IsRegular() || !t.made[path.Dir(from)] {
		return fmt.Errorf("the link %q leads to %q, which is no file before it", name, target)
	}
	return t.root.Link(from, clean)
}

func (t *tree) newEntry(name string) (string, error) {
	clean, err := entryName(name)
	if err != nil {
		return "", err
	}
	if clean == "." {
		return "", fmt.Errorf("the entry %q has no name", name)
	}
	if err := t.budget.entry(); err != nil {
		return "", err
	}
	return clean, t.makeDirectory(path.Dir(clean))
}

// finish gives the directories their modes.
func (t *tree) finish() error {
	for name, mode := range t.modes {
		if err := t.root.Chmod(name, mode); err != nil {
			return err
		}
	}
	return nil
}

// checkLinks asks of a part of the tree what was asked of the whole: a link into the rest would now lead out.
func checkLinks(root *os.Root) error {
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink == 0 {
			return err
		}
		target, err := root.Readlink(name)
		if err != nil {
			return err
		}
		return linkTarget(name, target)
	})
}
