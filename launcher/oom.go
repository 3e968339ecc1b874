// Whether the kernel killed the task for its memory, read off the counter of the container's own cgroup. A launcher that
// was killed along with the task cannot tell; then the kubelet does.
package main

import (
	"os"
	"path"
	"strconv"
	"strings"
)

// oomCounter is a file that has a line "oom_kill N"; empty where there is none.
type oomCounter string

// findOOMCounter looks for the container's own cgroup where it is mounted; version 1 where both are.
func findOOMCounter() oomCounter {
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	for _, candidate := range oomCountersOf(string(groups), string(mounts)) {
		if _, ok := candidate.read(); ok {
			return candidate
		}
	}
	return ""
}

// read is how many processes of the cgroup were killed so far.
func (c oomCounter) read() (kills int64, ok bool) {
	if c == "" {
		return 0, false
	}
	text, err := readShort(string(c))
	if err != nil {
		return 0, false
	}
	return parseOOMKills(string(text))
}

func parseOOMKills(text string) (int64, bool) {
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] == "oom_kill" {
			kills, err := strconv.ParseInt(fields[1], 10, 64)
			return kills, err == nil
		}
	}
	return 0, false
}

// oomCountersOf reads /proc/self/cgroup and /proc/self/mountinfo.
func oomCountersOf(groups, mounts string) []oomCounter {
	var first, second []oomCounter
	for line := range strings.Lines(groups) {
		fields := strings.SplitN(strings.TrimRight(line, "\n"), ":", 3)
		if len(fields) != 3 {
			continue
		}
		if hasWord(fields[1], "memory") {
			first = append(first, countersAt(mounts, "cgroup", "memory.oom_control", fields[2])...)
		}
		if fields[0] == "0" && fields[1] == "" {
			second = append(second, countersAt(mounts, "cgroup2", "memory.events", fields[2])...)
		}
	}
	return append(first, second...)
}

func hasWord(list, word string) bool {
	for part := range strings.SplitSeq(list, ",") {
		if part == word {
			return true
		}
	}
	return false
}

func countersAt(mounts, fileSystem, name, group string) []oomCounter {
	var found []oomCounter
	for line := range strings.Lines(mounts) {
		before, after, ok := strings.Cut(line, " - ")
		place, about := strings.Fields(before), strings.Fields(after)
		if !ok || len(place) < 5 || len(about) < 3 || about[0] != fileSystem {
			continue
		}
		if fileSystem == "cgroup" && !hasWord(about[2], "memory") {
			continue
		}
		found = append(found, oomCounter(path.Join(place[4], belowMount(group, place[3]), name)))
	}
	return found
}

// belowMount is where a cgroup is below the one that is mounted. One outside of it is not to be seen: then the mounted
// one is the container's.
func belowMount(group, mounted string) string {
	if mounted == "/" {
		if strings.HasPrefix(group, "/..") {
			return ""
		}
		return group
	}
	if rest, ok := strings.CutPrefix(group, mounted); ok && (rest == "" || rest[0] == '/') {
		return rest
	}
	return ""
}
