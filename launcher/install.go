// `launcher install DIR`: puts this program into a volume, for containers of an image that is not ours.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const (
	launcherName  = "launcher"
	documentName  = "task.json"
	directoryMode = 0o755
	programMode   = 0o755
	documentMode  = 0o400
)

// mountPointNames are the directories that a task's container mounts below the volume, which it has read-only: there is
// nobody who could make them later. The image of the launcher has the same.
func mountPointNames() []string {
	return []string{"state", "group", "nodes", "credentials", "payload"}
}

func installCommand(arguments []string) int {
	if len(arguments) != 1 || !filepath.IsAbs(arguments[0]) {
		fmt.Fprintln(os.Stderr, "launcher install: it needs the absolute path of a directory, for example:\n"+
			"  launcher install /nomad-bridge-volume")
		return exitUsage
	}
	if err := installInto(arguments[0]); err != nil {
		fmt.Fprintf(os.Stderr, "launcher install: %v\n", err)
		return 1
	}
	return 0
}

// installInto may run any number of times, also while what it installed before is running.
func installInto(directory string) error {
	about, err := os.Stat(directory)
	if err != nil {
		return fmt.Errorf("the volume must be mounted at %s: %w", directory, err)
	}
	if !about.IsDir() {
		return fmt.Errorf("%s is not a directory; mount the volume there", directory)
	}
	for _, name := range mountPointNames() {
		if err := installDirectory(filepath.Join(directory, name)); err != nil {
			return err
		}
	}
	if err := installDocument(directory); err != nil {
		return fmt.Errorf("the mount point %s cannot be made: %w", filepath.Join(directory, documentName), err)
	}
	if err := installProgram(directory); err != nil {
		return fmt.Errorf("the launcher cannot be written to %s: %w", filepath.Join(directory, launcherName), err)
	}
	return nil
}

func installDirectory(path string) error {
	if err := os.Mkdir(path, directoryMode); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("the mount point %s cannot be made: %w", path, err)
	}
	about, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !about.IsDir() {
		return fmt.Errorf("%s is there and is not a directory; give the launcher a volume of its own", path)
	}
	return os.Chmod(path, directoryMode)
}

func installDocument(directory string) error {
	return replaceFile(directory, documentName, documentMode, func(*os.File) error { return nil })
}

func installProgram(directory string) error {
	own, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	defer own.Close()
	return replaceFile(directory, launcherName, programMode, func(next *os.File) error {
		_, err := io.Copy(next, own)
		return err
	})
}

// replaceFile puts a new file of root's in place at once: who opens the name gets the old one or the new one, whole.
func replaceFile(directory, name string, mode os.FileMode, fill func(*os.File) error) error {
	next := filepath.Join(directory, "."+name+".new")
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	file, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(fill(file), file.Chmod(mode), file.Close())
	if err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return os.Rename(next, filepath.Join(directory, name))
}
