// Where the paths of templates lead: Nomad's rules, and the few directories that a task can write here.
package template

import (
	"fmt"
	"strings"
)

// Place is a file below one of the task's own directories.
type Place struct {
	// Directory is "local", "secrets", "alloc" or "tmp".
	Directory string
	// Below is clean, not empty, and holds no "..".
	Below string
}

func (p Place) String() string { return "/" + p.Directory + "/" + p.Below }

// FindPlace resolves a path that is relative to the task's directory, which is "/" for the task. The directory above it is
// the allocation's: "../alloc/x" is the shared directory. what names the path in errors, such as "template destination".
func FindPlace(what, task, path string) (Place, error) {
	if strings.IndexByte(path, 0) >= 0 {
		return Place{}, fmt.Errorf("the %s path %q holds a NUL byte; remove it", what, path)
	}
	parts, err := walk(what, task, path)
	if err != nil {
		return Place{}, err
	}
	if len(parts) == 0 {
		return Place{}, fmt.Errorf("the %s path %q is the task's directory; name a file, such as local/app.conf", what, path)
	}
	switch parts[0] {
	case "local", "secrets", "alloc", "tmp":
	default:
		const text = "the %s path %q cannot be used: the task's root file system is an image and read-only, only " +
			"local/, secrets/, alloc/ and tmp/ can be written; use local/%s and point the task to it"
		return Place{}, fmt.Errorf(text, what, path, parts[len(parts)-1])
	}
	if len(parts) == 1 || strings.HasSuffix(path, "/") {
		return Place{}, fmt.Errorf("the %s path %q is a directory; name a file in it", what, path)
	}
	return Place{Directory: parts[0], Below: strings.Join(parts[1:], "/")}, nil
}

// walk follows the parts one by one, so that a path that leaves the allocation and comes back is seen to have left.
func walk(what, task, path string) ([]string, error) {
	parts := []string{}
	above := false
	for _, part := range strings.Split(path, "/") {
		switch {
		case part == "" || part == ".":
		case part == ".." && len(parts) > 0:
			parts = parts[:len(parts)-1]
		case part == ".." && !above:
			above = true
		case part == "..":
			return nil, escapes(what)
		case above && part == "alloc":
			above, parts = false, []string{"alloc"}
		case above && part == task:
			above = false
		case above:
			const text = "the %s path %q leads to another task's directory, which only that task has; share files in ../alloc/"
			return nil, fmt.Errorf(text, what, path)
		default:
			parts = append(parts, part)
		}
	}
	if above {
		return nil, escapes(what)
	}
	return parts, nil
}

func escapes(what string) error { return fmt.Errorf("%s path escapes alloc directory", what) }
