// One artifact from its source to its place.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// job is what a worker is told: one artifact, its texts interpolated, and what it may use.
type job struct {
	Task        string            `json:"task"`
	Artifact    artifact          `json:"artifact"`
	Limits      fetchLimits       `json:"limits"`
	Credentials map[string][]byte `json:"credentials"`
	UID         uint32            `json:"uid"`
	GID         uint32            `json:"gid"`
	// Key names the artifact among those of the allocation; it is safe in a file's name.
	Key string `json:"key"`
}

type fetcher struct {
	job job
	// base is / but in tests.
	base     string
	out      *network
	progress *progress
}

// credential is a file of the Secret without the line end that editors add.
func (f *fetcher) credential(name string) (string, bool) {
	value, ok := f.job.Credentials[name]
	return strings.TrimRight(string(value), "\r\n"), ok
}

func (f *fetcher) fetch(ctx context.Context) error {
	from, err := parseSource(f.job.Artifact.Source, f.job.Artifact.Options)
	if err != nil {
		return err
	}
	target, err := placeOf(f.job.Artifact.Destination, f.job.Task, f.job.Artifact.Mode, from.fileName)
	if err != nil {
		return err
	}
	f.out.name(from.url.Hostname())
	growing, err := openStage(f.base, target.volume, f.job.Key)
	if err != nil {
		return err
	}
	defer growing.remove()
	if from.getter == getterGit {
		return f.fetchRepository(ctx, from, target, growing)
	}
	if from.getter == getterS3 && from.format() == "" && (f.job.Artifact.Mode == modeDir || from.fileName == "") {
		return f.fetchFolder(ctx, from, target, growing)
	}
	size, err := f.download(ctx, from, growing)
	if from.getter == getterS3 && errors.Is(err, errNoObject) && from.format() == "" && f.job.Artifact.Mode != modeFile {
		return f.fetchFolder(ctx, from, target, growing)
	}
	if err != nil {
		return err
	}
	return f.deliver(ctx, from, size, target, growing)
}

// download saves the file in the stage and compares its checksum.
func (f *fetcher) download(ctx context.Context, from source, into *stage) (int64, error) {
	wanted, err := f.wantedChecksum(ctx, from)
	if err != nil {
		return 0, err
	}
	open := f.openHTTP
	if from.getter == getterS3 {
		open = f.openS3
	}
	file, err := open(ctx, from)
	if err != nil {
		return 0, err
	}
	defer file.body.Close()
	limit := f.job.Limits.MaxBytes
	if file.length > limit {
		return 0, fmt.Errorf("it is %d bytes long, more than the %d that the profile allows", file.length, limit)
	}
	f.progress.expect(file.length)
	return f.save(file, wanted, into)
}

func (f *fetcher) save(file opened, wanted *checksum, into *stage) (int64, error) {
	saved, err := into.own.OpenFile(downloadName, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, err
	}
	defer saved.Close()
	writer := io.Writer(saved)
	var sum interface{ Sum([]byte) []byte }
	if wanted != nil {
		hash := wanted.hash()
		writer, sum = io.MultiWriter(saved, hash), hash
	}
	limit := f.job.Limits.MaxBytes
	size, err := io.Copy(writer, f.progress.count(io.LimitReader(file.body, limit+1)))
	if err != nil {
		return 0, fmt.Errorf("the download broke off after %d bytes: %w", size, withoutURL(err))
	}
	if size > limit {
		return 0, fmt.Errorf("it is longer than the %d bytes that the profile allows", limit)
	}
	if wanted != nil {
		if err := wanted.compare(sum.Sum(nil)); err != nil {
			return 0, err
		}
	}
	return size, saved.Close()
}

// deliver unpacks the download or takes it as it is, as the mode says.
func (f *fetcher) deliver(ctx context.Context, from source, size int64, target place, growing *stage) error {
	mode := f.job.Artifact.Mode
	format := from.format()
	if format == "" {
		if mode == modeDir || from.subdirectory != "" {
			return errors.New("the source is a single file, but a directory is asked for; name an archive, or set the option archive")
		}
		if mode == modeAny {
			target.path = path.Join(target.path, from.fileName)
		}
		return f.deliverFile(growing, downloadName, target)
	}
	root, err := growing.directory(treeName)
	if err != nil {
		return err
	}
	defer root.Close()
	archive, err := growing.own.Open(downloadName)
	if err != nil {
		return err
	}
	defer archive.Close()
	into := newTree(root, newBudget(ctx, f.job.Limits, max(size, 1)))
	if err := unpack(archive, format, from.fileName, into); err != nil {
		return err
	}
	return f.deliverPart(from, root, target, growing)
}

func (f *fetcher) fetchRepository(ctx context.Context, from source, target place, growing *stage) error {
	if from.checksum != "" {
		return errors.New("checksum cannot be specified for directory download")
	}
	root, err := growing.directory(treeName)
	if err != nil {
		return err
	}
	defer root.Close()
	// Packs go to a volume of the task alone: that of the group is another task's as well.
	private := growing
	if target.volume == "alloc" {
		if private, err = openStage(f.base, "local", f.job.Key); err != nil {
			return err
		}
		defer private.remove()
	}
	if err := private.own.Mkdir(scratchName, 0o700); err != nil {
		return err
	}
	into := newTree(root, newBudget(ctx, f.job.Limits, 0))
	if err := f.fetchGit(ctx, from, path.Join(private.path, scratchName), into); err != nil {
		return err
	}
	return f.deliverPart(from, root, target, growing)
}

func (f *fetcher) fetchFolder(ctx context.Context, from source, target place, growing *stage) error {
	if from.checksum != "" {
		return errors.New("checksum cannot be specified for directory download")
	}
	root, err := growing.directory(treeName)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := f.fetchS3Folder(ctx, from, newTree(root, newBudget(ctx, f.job.Limits, 0))); err != nil {
		return err
	}
	return f.deliverPart(from, root, target, growing)
}

// deliverPart delivers the tree, or what of it the source names after its double slash.
func (f *fetcher) deliverPart(from source, root *os.Root, target place, growing *stage) error {
	part, about, err := findPart(root, from.subdirectory)
	if err != nil {
		return err
	}
	if f.job.Artifact.Mode == modeFile {
		if about.IsDir() {
			if part, err = onlyFile(root, part); err != nil {
				return err
			}
		}
		return f.deliverFile(growing, path.Join(treeName, part), target)
	}
	if !about.IsDir() {
		target.path = path.Join(target.path, path.Base(part))
		return f.deliverFile(growing, path.Join(treeName, part), target)
	}
	if err := checkPart(root, part); err != nil {
		return err
	}
	return growing.deliverTree(path.Join(treeName, part), target.path)
}

func (f *fetcher) deliverFile(growing *stage, name string, target place) error {
	if f.job.Artifact.Executable {
		if err := growing.own.Chmod(name, 0o755); err != nil {
			return err
		}
	}
	return growing.deliverFile(name, target.path)
}

// findPart takes a pattern, as go-getter does, that one entry matches.
func findPart(root *os.Root, pattern string) (string, fs.FileInfo, error) {
	if pattern == "" {
		pattern = "."
	}
	matches, err := fs.Glob(root.FS(), path.Clean(pattern))
	if err != nil || len(matches) != 1 {
		return "", nil, fmt.Errorf("the sub-directory %q matches %d entries of it; it must match one", pattern, len(matches))
	}
	about, err := root.Lstat(matches[0])
	if err != nil {
		return "", nil, withoutPath(err)
	}
	if !about.IsDir() && !about.Mode().IsRegular() {
		return "", nil, fmt.Errorf("the sub-directory %q is a link", pattern)
	}
	return matches[0], about, nil
}

// onlyFile is the one file of a tree that mode file asks for.
func onlyFile(root *os.Root, part string) (string, error) {
	found := ""
	err := fs.WalkDir(root.FS(), part, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if found != "" || !entry.Type().IsRegular() {
			return errors.New("expected a single file, got several or a link; use mode any")
		}
		found = name
		return nil
	})
	if err == nil && found == "" {
		err = errors.New("expected a single file, got none")
	}
	return found, err
}

func checkPart(root *os.Root, part string) error {
	if part == "." {
		return nil
	}
	below, err := root.OpenRoot(part)
	if err != nil {
		return err
	}
	defer below.Close()
	return checkLinks(below)
}
