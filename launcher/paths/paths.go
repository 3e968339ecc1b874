// Package paths has what launcher and fetch both ask of a path that a job gives.
package paths

import "strings"

// Climbs is whether ".." leads out of a directory at any point of the way, even if it comes back. depth is how far below
// that directory the path begins.
func Climbs(path string, depth int) bool {
	for _, part := range strings.Split(path, "/") {
		switch part {
		case "", ".":
		case "..":
			depth--
		default:
			depth++
		}
		if depth < 0 {
			return true
		}
	}
	return false
}
