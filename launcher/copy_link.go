// Giving a tree of the copy a second name, as /lib has where it is a link to /usr/lib.
package main

import (
	"fmt"
	"os"
	"path"
	"syscall"
)

// linkTree gives a tree of the copy a second name: its directories are made again, and all else is linked.
func (c *treeCopier) linkTree(original, second string) error {
	parent, name := path.Split(second)
	from, err := openBeneath(c.target, path.Join(".", path.Dir(original)), openPath|syscall.O_DIRECTORY)
	if err != nil {
		return fmt.Errorf("/%s in the copy: %w", original, err)
	}
	defer syscall.Close(from)
	to, err := openBeneath(c.target, path.Join(".", parent), openPath|syscall.O_DIRECTORY)
	if err != nil {
		return fmt.Errorf("/%s in the copy: %w", second, err)
	}
	defer syscall.Close(to)
	if err := c.linkEntry(from, path.Base(original), to, name); err != nil {
		return fmt.Errorf("/%s in the copy: %w", second, err)
	}
	return nil
}

func (c *treeCopier) linkEntry(from int, name string, to int, second string) error {
	switch err := linkAt(from, name, to, second); err {
	case nil:
		c.counts.hardLinks.Add(1)
		return nil
	case syscall.EEXIST:
		return c.linkIfDirectory(from, name, to, second)
	case syscall.EPERM: // which is what a directory gives
		return c.linkDirectory(from, name, to, second)
	default:
		return err
	}
}

// linkIfDirectory goes on with a directory that an earlier copy has begun.
func (c *treeCopier) linkIfDirectory(from int, name string, to int, second string) error {
	err := c.linkDirectory(from, name, to, second)
	if err == syscall.ENOTDIR || err == syscall.ELOOP {
		c.counts.kept.Add(1)
		return nil
	}
	return err
}

func (c *treeCopier) linkDirectory(from int, name string, to int, second string) error {
	original, err := openBeneath(from, name, syscall.O_RDONLY|syscall.O_DIRECTORY)
	if err != nil {
		return err
	}
	listing := os.NewFile(uintptr(original), name)
	defer listing.Close()
	if err := syscall.Mkdirat(to, second, privateMode); err != nil && err != syscall.EEXIST {
		return err
	}
	made, err := openBeneath(to, second, syscall.O_RDONLY|syscall.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer syscall.Close(made)
	err = eachName(listing, func(child string) error {
		if err := c.linkEntry(original, child, made, child); err != nil {
			return fmt.Errorf("%s: %w", child, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.counts.directories.Add(1)
	return c.finishDirectory(original, made, second)
}
