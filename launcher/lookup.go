// Where a command is: Nomad's search for a task's own command, and a search of the PATH for exec sessions.
package main

import (
	"fmt"
	"path"
	"strings"
	"syscall"
)

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// findTaskCommand is the absolute path, inside root, of a task's command: in /local, in /, below a mount, and for a bare
// name in Nomad's three fixed directories. The first regular file wins, and is made executable if it is not.
func findTaskCommand(root, command string, mounts []string) (string, error) {
	for _, place := range placesOf(command, mounts) {
		fd, err := openInRoot(root, place.path, 0)
		if err != nil {
			continue
		}
		found, err := useIfRegular(fd, root, place)
		syscall.Close(fd)
		if err != nil {
			return "", err
		}
		if found {
			return place.path, nil
		}
	}
	return "", notFound(command)
}

// notFound is Nomad's text, which names no directory for a bare name.
func notFound(command string) error {
	if strings.Contains(command, "/") {
		return fmt.Errorf("file %s not found under path /", command)
	}
	return fmt.Errorf("file %s not found under path", command)
}

// searchPlace is one candidate; the file's mode may be changed only if it really is below `below`.
type searchPlace struct {
	path  string
	below string
	// volumes are mounted there: what is in them may belong to others.
	volumes []string
}

func placesOf(command string, mounts []string) []searchPlace {
	places := []searchPlace{
		{path: path.Join("/local", path.Clean("/"+command)), below: "/local", volumes: mounts},
		{path: path.Clean("/" + command), below: "/", volumes: mounts},
	}
	for _, mount := range mounts {
		clean := path.Clean(mount)
		if strings.HasPrefix(path.Clean(command), clean+"/") {
			places = append(places, searchPlace{path: path.Clean(command), below: clean, volumes: mounts})
		}
	}
	if strings.Contains(command, "/") {
		return places
	}
	for _, directory := range []string{"/usr/local/bin", "/usr/bin", "/bin"} {
		places = append(places, searchPlace{path: path.Join(directory, command), below: "/", volumes: mounts})
	}
	return places
}

func useIfRegular(fd int, root string, place searchPlace) (bool, error) {
	var about syscall.Stat_t
	if err := syscall.Fstat(fd, &about); err != nil || about.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return false, nil
	}
	if about.Mode&0o111 != 0 {
		return true, nil
	}
	if err := makeExecutable(fd, root, place, about); err != nil {
		return false, fmt.Errorf("file %s is not executable, and its mode cannot be changed: %w", place.path, err)
	}
	return true, nil
}

// makeExecutable works on the open file, so that nobody can put another in its place, and refuses files that a link in a
// place of the task's leads to: the launcher's own, and those of the kernel.
func makeExecutable(fd int, root string, place searchPlace, about syscall.Stat_t) error {
	real, err := realPathOf(fd)
	if err != nil {
		return err
	}
	inside := path.Join("/", strings.TrimPrefix(real, path.Clean(root)))
	if !isBelow(inside, place.below) {
		return fmt.Errorf("it is a link to %s", inside)
	}
	for _, forbidden := range []string{"/nomad-bridge", "/proc", "/sys", "/dev"} {
		if isBelow(inside, forbidden) {
			return fmt.Errorf("files in %s are left alone", forbidden)
		}
	}
	mode := about.Mode&0o7777 | 0o555
	for _, volume := range place.volumes {
		if isBelow(inside, path.Clean(volume)) {
			mode = onlyExecutable(about.Mode)
		}
	}
	return chmodAsOwner(descriptorPath(fd), mode, about.Uid)
}

// onlyExecutable lets those run a file who may read it already. The launcher has more rights than the task: it must not
// open a file of somebody else's to it, and not make a set-id program of one.
func onlyExecutable(mode uint32) uint32 {
	return mode&0o777 | mode&0o444>>2
}

func isBelow(candidate, directory string) bool {
	return directory == "/" || strings.HasPrefix(candidate, directory+"/")
}

// findExecCommand is the path that an exec session's command is started by: a name with a slash is taken from workDir,
// any other is looked for in searchPath, the task's own PATH.
func findExecCommand(command, searchPath, workDir string) (string, error) {
	if command == "" {
		return "", fmt.Errorf("the command is empty")
	}
	if strings.Contains(command, "/") {
		candidate := absoluteFrom(workDir, command)
		return candidate, checkExecutable(candidate)
	}
	if searchPath == "" {
		searchPath = defaultPath
	}
	for _, directory := range strings.Split(searchPath, ":") {
		candidate := absoluteFrom(workDir, path.Join(directory, command))
		if checkExecutable(candidate) == nil {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("%q: executable file not found in $PATH", command)
}

func absoluteFrom(directory, name string) string {
	if path.IsAbs(name) {
		return name
	}
	return path.Join(directory, name)
}

func checkExecutable(candidate string) error {
	var about syscall.Stat_t
	if err := syscall.Stat(candidate, &about); err != nil && err != syscall.EACCES {
		return fmt.Errorf("%q: %w", candidate, err)
	}
	if about.Mode&syscall.S_IFMT == syscall.S_IFDIR {
		return fmt.Errorf("%q: %w", candidate, syscall.EISDIR)
	}
	if about.Mode != 0 && about.Mode&0o111 == 0 {
		return fmt.Errorf("%q: %w", candidate, syscall.EACCES)
	}
	return nil
}
