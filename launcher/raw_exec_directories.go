// Where the directories of a pod are on its node. The mounts of the container say it; each guess is proved.
package main

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// kubeletPods is where kubelet keeps pods unless it is told otherwise.
const kubeletPods = "/var/lib/kubelet/pods"

// hostDirectories are paths on the node. tmp is empty where the pod has no volume for it.
type hostDirectories struct {
	task, local, alloc, secrets, tmp string
}

func (d hostDirectories) byName() map[string]string {
	names := map[string]string{"local": d.local, "alloc": d.alloc, "secrets": d.secrets}
	if d.tmp != "" {
		names["tmp"] = d.tmp
	}
	return names
}

func findHostDirectories(places layout, podUID string) (hostDirectories, error) {
	mounts, err := readMounts()
	if err != nil {
		return hostDirectories{}, err
	}
	root, err := filepath.EvalSymlinks(places.hostRoot())
	if err != nil {
		return hostDirectories{}, fmt.Errorf("the node's root must be mounted at %s for raw_exec: %w", places.hostRoot(), err)
	}
	search := hostSearch{mounts: mounts, root: root, podUID: podUID}
	var found hostDirectories
	for _, wanted := range []struct {
		inside   string
		onNode   *string
		optional bool
	}{
		{inside: filepath.Join(places.root, "local"), onNode: &found.local},
		{inside: filepath.Join(places.root, "alloc"), onNode: &found.alloc},
		{inside: filepath.Join(places.root, "secrets"), onNode: &found.secrets},
		{inside: filepath.Join(places.root, "tmp"), onNode: &found.tmp, optional: true},
		{inside: places.taskDirectory(), onNode: &found.task},
	} {
		*wanted.onNode, err = search.find(wanted.inside)
		if err != nil && !wanted.optional {
			return hostDirectories{}, err
		}
	}
	return found, nil
}

// hostSearch looks below root, which is the node's "/" without links.
type hostSearch struct {
	mounts []mountEntry
	root   string
	podUID string
}

// find gives the path that a directory of this container has on the node.
func (s hostSearch) find(directory string) (string, error) {
	inside, err := filepath.EvalSymlinks(directory)
	if err != nil {
		return "", err
	}
	var want syscall.Stat_t
	if err := syscall.Stat(inside, &want); err != nil {
		return "", fmt.Errorf("%s: %w", directory, err)
	}
	for _, candidate := range s.candidates(inside) {
		if s.isAt(candidate, identityOf(want)) {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("%s of this pod is not found on the node; the node's root must be mounted at %s with "+
		"mountPropagation HostToContainer", directory, s.root)
}

func (s hostSearch) isAt(candidate string, want fileIdentity) bool {
	fd, err := openInRoot(s.root, candidate, syscall.O_DIRECTORY)
	if err != nil {
		return false
	}
	defer syscall.Close(fd)
	var about syscall.Stat_t
	return syscall.Fstat(fd, &about) == nil && identityOf(about) == want
}

// candidates are all paths below the node's root at which a mount of the same file system shows the directory: those
// that name the pod first, then the shortest. Kubelet's usual place is the last.
func (s hostSearch) candidates(directory string) []string {
	var found []string
	if own, ok := mountOf(s.mounts, directory); ok {
		for _, mount := range s.mounts {
			below, isOnNode := belowDirectory(mount.point, s.root)
			relative, shows := belowDirectory(own.root, mount.root)
			if isOnNode && shows && mount.device == own.device {
				found = append(found, path.Join("/", below, relative))
			}
		}
	}
	slices.SortStableFunc(found, func(a, b string) int {
		if named := s.namesPod(b) - s.namesPod(a); named != 0 {
			return named
		}
		return len(a) - len(b)
	})
	const volumes = "volumes/kubernetes.io~empty-dir"
	return append(found, path.Join(kubeletPods, s.podUID, volumes, path.Base(directory)))
}

func (s hostSearch) namesPod(candidate string) int {
	if s.podUID != "" && strings.Contains(candidate, "/"+s.podUID+"/") {
		return 1
	}
	return 0
}

// mountOf is the directory as a mount of its own: the root that it shows, whether it is a mount point or below one.
func mountOf(mounts []mountEntry, directory string) (mountEntry, bool) {
	var best mountEntry
	relative, ok := "", false
	for _, mount := range mounts {
		below, contains := belowDirectory(directory, mount.point)
		if contains && len(mount.point) >= len(best.point) {
			best, relative, ok = mount, below, true
		}
	}
	return mountEntry{device: best.device, root: path.Join(best.root, relative), point: directory}, ok
}
