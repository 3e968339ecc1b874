// Where an artifact goes: Nomad's path rules, put onto the mounts that a task has here.
package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nomad-bridge/nomad-bridge/launcher/paths"
)

// volumes are the directories of a task that it can write to; each is a mount of its own.
var volumes = []string{"alloc", "local", "secrets", "tmp"}

const escapesText = "artifact destination path escapes alloc directory"

// place is a path below one of the task's volumes; "." is the volume itself.
type place struct {
	volume string
	path   string
}

// placeOf follows Nomad: relative to the task's directory, absolute paths begin there too, and ../alloc is the directory
// that the group shares. In file mode the destination is the file's own name; one that ends in / gets it from the source.
func placeOf(destination, task, mode, fileName string) (place, error) {
	if strings.ContainsRune(destination, 0) {
		return place{}, fmt.Errorf("the destination %q holds a NUL byte", destination)
	}
	if destination == "" {
		destination = "local/"
	}
	if mode == modeFile && strings.HasSuffix(destination, "/") {
		destination += fileName
	}
	// The task's directory lies in the allocation's, as on Nomad, so that ".." means there what it means here.
	inAllocation := path.Join("/", task, destination)
	if paths.Climbs(destination, len(strings.Split(task, "/"))) {
		return place{}, fmt.Errorf("%s: %q", escapesText, destination)
	}
	below, isTask := strings.CutPrefix(inAllocation+"/", "/"+task+"/")
	if !isTask {
		shared, isShared := strings.CutPrefix(inAllocation+"/", "/alloc/")
		if !isShared {
			return place{}, fmt.Errorf("%s: %q", escapesText, destination)
		}
		below = "alloc/" + shared
	}
	volume, rest, _ := strings.Cut(path.Clean(below), "/")
	if !slices.Contains(volumes, volume) {
		const text = "the destination %q is outside of local/, secrets/, tmp/ and ../alloc/; the rest of a task's directory cannot be written here, so use local/%s"
		return place{}, fmt.Errorf(text, destination, strings.TrimPrefix(path.Clean(below), "."))
	}
	return place{volume: volume, path: path.Join(".", rest)}, nil
}
