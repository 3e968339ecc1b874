// Where an artifact grows before it is whole: a hidden directory of the volume it goes to, so that it arrives by a rename.
package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	stagePrefix  = ".nomad-bridge-fetch-"
	downloadName = "download"
	treeName     = "tree"
	scratchName  = "scratch"
)

// stage holds what is on its way to one place.
type stage struct {
	volume *os.Root
	own    *os.Root
	name   string
	path   string
}

// openStage clears away what a run that was killed has left.
func openStage(base, volume, key string) (*stage, error) {
	root, err := os.OpenRoot(filepath.Join(base, volume))
	if err != nil {
		return nil, fmt.Errorf("the directory %s/ of the task cannot be opened: %w", volume, withoutPath(err))
	}
	name := stagePrefix + key
	err = root.RemoveAll(name)
	if err == nil {
		err = root.Mkdir(name, 0o700)
	}
	if err != nil {
		root.Close()
		return nil, fmt.Errorf("the directory %s/ of the task cannot be written to: %w", volume, withoutPath(err))
	}
	own, err := root.OpenRoot(name)
	if err != nil {
		root.Close()
		return nil, err
	}
	return &stage{volume: root, own: own, name: name, path: filepath.Join(base, volume, name)}, nil
}

func (s *stage) remove() {
	s.own.Close()
	s.volume.RemoveAll(s.name)
	s.volume.Close()
}

// directory makes a directory of the stage and opens it.
func (s *stage) directory(name string) (*os.Root, error) {
	if err := s.own.Mkdir(name, 0o755); err != nil {
		return nil, err
	}
	return s.own.OpenRoot(name)
}

// deliverFile puts one file of the stage at its place, over a file or a link that is there.
func (s *stage) deliverFile(name, to string) error {
	if to == "." {
		return errors.New("the destination is a directory; in mode file it must name the file")
	}
	if err := s.makeWay(path.Dir(to)); err != nil {
		return err
	}
	if about, err := s.volume.Lstat(to); err == nil && about.IsDir() {
		return fmt.Errorf("%q is a directory already", to)
	}
	return withoutPath(s.volume.Rename(path.Join(s.name, name), to))
}

// deliverTree merges a directory of the stage into its place. What is in the way is found before anything moves.
func (s *stage) deliverTree(name, to string) error {
	if err := s.makeWay(to); err != nil {
		return err
	}
	from := path.Join(s.name, name)
	if err := s.merge(from, to, false); err != nil {
		return err
	}
	return s.merge(from, to, true)
}

// makeWay makes the directories of a destination. A link of an earlier artifact may be among them; it cannot lead out of the volume.
func (s *stage) makeWay(to string) error {
	if to == "." {
		return nil
	}
	if err := s.volume.MkdirAll(to, 0o755); err != nil {
		return fmt.Errorf("the directory %q of the destination cannot be made: %w", to, withoutPath(err))
	}
	return nil
}

// merge goes through the entries of one directory. Another artifact may be at the same: what appears meanwhile is merged into.
func (s *stage) merge(from, to string, move bool) error {
	entries, err := fs.ReadDir(s.volume.FS(), from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := s.mergeEntry(path.Join(from, entry.Name()), path.Join(to, entry.Name()), entry.IsDir(), move); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) mergeEntry(from, to string, isDirectory, move bool) error {
	about, err := s.volume.Lstat(to)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	isThere := err == nil
	if isThere && about.IsDir() != isDirectory {
		return fmt.Errorf("%q is there already, and is something else", to)
	}
	if isThere && isDirectory {
		return s.merge(from, to, move)
	}
	if !move {
		return nil
	}
	err = s.volume.Rename(from, to)
	if isDirectory && (errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, fs.ErrExist)) {
		return s.merge(from, to, move)
	}
	return withoutPath(err)
}

// withoutPath is the reason of an error about a file, whose name may be that of the stage.
func withoutPath(err error) error {
	var byPath *fs.PathError
	if errors.As(err, &byPath) {
		return byPath.Err
	}
	var byLink *os.LinkError
	if errors.As(err, &byLink) {
		return byLink.Err
	}
	return err
}

func writeNew(name string, content []byte, mode fs.FileMode) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// decodeBase64 takes both alphabets: a query may have turned a + into a space.
func decodeBase64(text string) ([]byte, error) {
	text = strings.NewReplacer(" ", "+", "-", "+", "_", "/", "\n", "").Replace(strings.TrimRight(text, "="))
	return base64.RawStdEncoding.DecodeString(text)
}
