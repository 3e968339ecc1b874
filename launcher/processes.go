// The processes of this container as /proc shows them: who descends from whom, and ending a whole tree.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nomad-bridge/nomad-bridge/launcher/users"
)

const (
	maxWalks       = 50
	betweenKills   = 10 * time.Millisecond
	maxStatusBytes = 16 * 1024
)

type process struct {
	pid, parent, session int
	// startTicks tells two processes apart that had the same pid one after the other.
	startTicks uint64
	zombie     bool
}

// listProcesses leaves out what ends while it reads.
func listProcesses() ([]process, error) {
	directory, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer directory.Close()
	names, err := directory.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var processes []process
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if found, err := readProcess(pid); err == nil {
			processes = append(processes, found)
		}
	}
	return processes, nil
}

func readProcess(pid int) (process, error) {
	text, err := readShort(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return process{}, err
	}
	return parseStat(pid, text)
}

// parseStat looks behind the last ")", because a process can give itself any name, brackets and blanks included.
func parseStat(pid int, text []byte) (process, error) {
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 20 {
		return process{}, fmt.Errorf("process %d has a status line of %d fields", pid, len(fields))
	}
	parent, parentErr := strconv.Atoi(fields[1])
	session, sessionErr := strconv.Atoi(fields[3])
	start, startErr := strconv.ParseUint(fields[19], 10, 64)
	if parentErr != nil || sessionErr != nil || startErr != nil {
		return process{}, fmt.Errorf("process %d has a status line that is not numbers", pid)
	}
	zombie := fields[0] == "Z" || fields[0] == "X"
	return process{pid: pid, parent: parent, session: session, startTicks: start, zombie: zombie}, nil
}

func readShort(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text := make([]byte, maxStatusBytes)
	n, err := file.Read(text)
	return text[:n], err
}

// ownerOf is the saved uid of a process: the one that its signals are checked against.
func ownerOf(pid int) (uint32, error) {
	text, err := readShort(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 5 && fields[0] == "Uid:" {
			return users.ParseID(fields[3])
		}
	}
	return 0, fmt.Errorf("process %d shows no uid", pid)
}

// descendantsOf are the living ones among all of root's children and theirs; root itself is not one of them.
func descendantsOf(root int, processes []process) []process {
	children := map[int][]process{}
	for _, candidate := range processes {
		children[candidate.parent] = append(children[candidate.parent], candidate)
	}
	var found []process
	for next := []int{root}; len(next) > 0; next = next[1:] {
		for _, child := range children[next[0]] {
			next = append(next, child.pid)
			if !child.zombie {
				found = append(found, child)
			}
		}
		delete(children, next[0])
	}
	return found
}

// signalOnce sends signals, in order, to every process that choose picks, and looks again until a walk finds none that
// is new: a process that forks meanwhile does not get away.
func signalOnce(choose func([]process) []process, signals ...syscall.Signal) {
	type identity struct {
		pid   int
		start uint64
	}
	seen := map[identity]bool{}
	for range maxWalks {
		processes, err := listProcesses()
		if err != nil {
			return
		}
		fresh := false
		for _, target := range choose(processes) {
			id := identity{pid: target.pid, start: target.startTicks}
			if seen[id] {
				continue
			}
			seen[id], fresh = true, true
			for _, signal := range signals {
				_ = signalProcess(target.pid, signal) // it may have ended by now, and then nothing is left to do
			}
		}
		if !fresh {
			return
		}
	}
}

// killDescendants sends SIGKILL until no descendant lives; reap is called between two walks. It gives up after half a
// second with processes that the kernel cannot end.
func killDescendants(root int, reap func()) {
	for range maxWalks {
		processes, err := listProcesses()
		if err != nil {
			return
		}
		targets := descendantsOf(root, processes)
		if len(targets) == 0 {
			return
		}
		for _, target := range targets {
			_ = signalProcess(target.pid, syscall.SIGKILL) // it may have ended by now, and then nothing is left to do
		}
		time.Sleep(betweenKills)
		reap()
	}
}
