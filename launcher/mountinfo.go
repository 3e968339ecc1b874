// The mounts of this container as /proc/self/mountinfo lists them, and the way from a mount point to what it shows.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

const (
	maxMountBytes = 16 * 1024 * 1024
	maxMountLine  = 1024 * 1024
)

// mountEntry is one mount: the directory root of the file system device is seen at point.
type mountEntry struct {
	device string
	root   string
	point  string
}

func readMounts() ([]mountEntry, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return parseMounts(file)
}

// parseMounts keeps the kernel's order: of two mounts at one point, the later hides the earlier. A line that is none of
// the kernel's is an error, for what it hides is not known. A mount point that was removed ends in "//deleted", and is
// left out.
func parseMounts(source io.Reader) ([]mountEntry, error) {
	var entries []mountEntry
	lines := bufio.NewScanner(io.LimitReader(source, maxMountBytes))
	lines.Buffer(nil, maxMountLine)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), " ")
		if len(fields) < 10 || !strings.HasPrefix(fields[4], "/") {
			return nil, fmt.Errorf("/proc/self/mountinfo has the line %q, which is no mount", lines.Text())
		}
		entry := mountEntry{device: fields[2], root: unescapeMount(fields[3]), point: unescapeMount(fields[4])}
		if path.Clean(entry.point) == entry.point {
			entries = append(entries, entry)
		}
	}
	return entries, lines.Err()
}

// unescapeMount undoes the kernel's escapes, a backslash and three octal digits. Any other backslash is one.
func unescapeMount(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var plain strings.Builder
	for i := 0; i < len(text); i++ {
		if value, ok := octalEscape(text[i:]); ok {
			plain.WriteByte(value)
			i += 3
			continue
		}
		plain.WriteByte(text[i])
	}
	return plain.String()
}

func octalEscape(text string) (byte, bool) {
	if len(text) < 4 || text[0] != '\\' {
		return 0, false
	}
	value := 0
	for _, digit := range []byte(text[1:4]) {
		if digit < '0' || digit > '7' {
			return 0, false
		}
		value = value*8 + int(digit-'0')
	}
	return byte(value), value <= 0xff
}

// belowDirectory is name as a path from directory, "." for the directory itself. Both are absolute.
func belowDirectory(name, directory string) (string, bool) {
	if name == directory {
		return ".", true
	}
	prefix := strings.TrimSuffix(directory, "/") + "/"
	relative, ok := strings.CutPrefix(name, prefix)
	return relative, ok
}

// outermostBelow are the mount points below directory, as paths from there, that lie in no other such mount. Sorted as
// the kernel lists them, each once, with the last mount at the point.
func outermostBelow(mounts []mountEntry, directory string) []mountEntry {
	var found []mountEntry
	for _, mount := range mounts {
		relative, ok := belowDirectory(mount.point, directory)
		if !ok || relative == "." {
			continue
		}
		found = append(found, mountEntry{device: mount.device, root: mount.root, point: relative})
	}
	var outermost []mountEntry
	for i, mount := range found {
		if !isHidden(found, i) {
			outermost = append(outermost, mount)
		}
	}
	return outermost
}

func isHidden(mounts []mountEntry, index int) bool {
	for other, mount := range mounts {
		relative, ok := belowDirectory(path.Join("/", mounts[index].point), path.Join("/", mount.point))
		if ok && (relative != "." || other > index) {
			return true
		}
	}
	return false
}
