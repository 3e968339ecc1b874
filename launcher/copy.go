// `launcher copy`: a private, writable copy of the directories and files of the node that are mounted for it.
package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"github.com/nomad-bridge/nomad-bridge/launcher/records"
)

const (
	copySourceName    = "host"
	copyTargetName    = "chroot"
	copyMarkerName    = ".nomad-bridge-copied"
	copyTemporaryName = ".nomad-bridge-copying"
	copyVersion       = 1
	copyProgressEvery = 3 * time.Second
	maxMarkerBytes    = 256 * 1024
)

// copyMarker says that a copy is whole, and of what. Tasks have only what is below the volume's own directory, so that
// none can write it.
type copyMarker struct {
	Version int      `json:"version"`
	Paths   []string `json:"paths"`
}

// copySource is one directory or file that is mounted; path is where it is below the source and the target.
type copySource struct {
	path string
	// sameAs is set for what is mounted as part of another source too, such as /lib where it is a link to /usr/lib.
	sameAs string
}

func copyCommand(places layout) int {
	debug.SetGCPercent(runHeapPercent)
	report, err := copyNode(places.bridgeFile(copySourceName), places.bridgeFile(copyTargetName))
	if err != nil {
		report.Error = err.Error()
		fmt.Fprintf(os.Stderr, "launcher copy: %v\n", err)
	}
	if messageErr := leaveCopyReport(places.terminationLog, report); messageErr != nil {
		fmt.Fprintf(os.Stderr, "launcher copy: no termination message is left: %v\n", messageErr)
	}
	if err != nil {
		return 1
	}
	return 0
}

func copyNode(source, target string) (copyReport, error) {
	mounts, err := readMounts()
	if err != nil {
		return newCopyReport(), err
	}
	return copyAll(source, target, sourcesAmong(mounts, source))
}

// sourcesAmong puts what is part of another source behind the others.
func sourcesAmong(mounts []mountEntry, directory string) []copySource {
	outermost := outermostBelow(mounts, directory)
	var sources, parts []copySource
	for i, mount := range outermost {
		if whole, ok := partOf(outermost, i); ok {
			parts = append(parts, copySource{path: mount.point, sameAs: whole})
			continue
		}
		sources = append(sources, copySource{path: mount.point})
	}
	return append(sources, parts...)
}

// partOf is the path under which a mount is seen in another one. Of two mounts of one directory, the later is part.
func partOf(mounts []mountEntry, index int) (string, bool) {
	part := mounts[index]
	for other, whole := range mounts {
		relative, ok := belowDirectory(part.root, whole.root)
		if !ok || other == index || part.device != whole.device || relative == "." && other > index {
			continue
		}
		return path.Join(whole.point, relative), true
	}
	return "", false
}

// copyAll may be interrupted at any moment and run again: what is whole is kept.
func copyAll(source, target string, sources []copySource) (copyReport, error) {
	report := newCopyReport()
	if len(sources) == 0 {
		return report, fmt.Errorf("nothing is mounted below %s; mount the node's directories there", source)
	}
	marker := markerOf(sources)
	if readCopyMarker(target, marker) {
		report.Already = true
		return report, nil
	}
	copier, err := newTreeCopier(source, target)
	if err != nil {
		return report, err
	}
	defer copier.close()
	started := time.Now()
	stopProgress := copier.showProgress()
	err = copier.copySources(sources)
	stopProgress()
	report = copier.counts.report(time.Since(started))
	if err != nil {
		return report, explainCopyError(err)
	}
	return report, errors.Join(os.RemoveAll(filepath.Join(target, copyTemporaryName)), writeCopyMarker(target, marker))
}

func explainCopyError(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w; the volume for the copy must be as large as the node's directories, or fewer of them listed", err)
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%w; the copy needs uid 0 and the capabilities CHOWN, DAC_OVERRIDE, FOWNER, FSETID and SETFCAP", err)
	}
	return err
}

func markerOf(sources []copySource) copyMarker {
	marker := copyMarker{Version: copyVersion}
	for _, source := range sources {
		marker.Paths = append(marker.Paths, source.path)
	}
	slices.Sort(marker.Paths)
	return marker
}

// readCopyMarker says whether the very same paths have been copied.
func readCopyMarker(target string, want copyMarker) bool {
	found, ok := records.Read[copyMarker](filepath.Join(target, copyMarkerName), maxMarkerBytes)
	return ok && reflect.DeepEqual(found, want)
}

func writeCopyMarker(target string, marker copyMarker) error {
	return records.Replace(filepath.Join(target, copyMarkerName), marker)
}
