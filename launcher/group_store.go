// Where the launchers of a pod tell each other how far their tasks are: one small file a task, in a directory that root
// alone can see, and beside it a lock that is held for as long as the launcher lives.
package main

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nomad-bridge/nomad-bridge/launcher/records"
)

const (
	groupVersion        = 1
	maxGroupRecordBytes = 64 * 1024
	lockTries           = 20
)

func (l layout) groupDirectory() string {
	return filepath.Join(filepath.Dir(l.stateDirectory), "group")
}

type groupRecord struct {
	Version int        `json:"version"`
	Task    string     `json:"task"`
	Phase   groupPhase `json:"phase"`
	// Reason is the termination message's, for people that look; it decides nothing.
	Reason string `json:"reason"`
}

// groupMember is one launcher's view. Nil is a task that is alone.
type groupMember struct {
	directory string
	question  groupQuestion
	phase     groupPhase
	lock      *os.File
}

// joinGroup is nil for a task without others.
func joinGroup(places layout, document taskDocument) (*groupMember, error) {
	if len(document.Lifecycle.Mains) == 0 {
		return nil, nil
	}
	member := &groupMember{
		directory: places.groupDirectory(),
		question:  groupQuestion{task: document.Task, lifecycle: document.Lifecycle},
	}
	if err := os.Chmod(member.directory, 0o700); err != nil {
		return nil, fmt.Errorf("the directory of the group's states cannot be used: %w", err)
	}
	lock, err := lockFile(member.fileOf(document.Task, ".alive"))
	if err != nil {
		return nil, fmt.Errorf("the launcher cannot show the other tasks that it lives: %w", err)
	}
	member.lock = lock
	member.phase = member.read(document.Task)
	return member, nil
}

// fileOf gives each task a name of its own, whatever characters its name has and however long it is.
func (m *groupMember) fileOf(task, suffix string) string {
	hash := fnv.New128a()
	_, _ = io.WriteString(hash, task) // a hash takes everything
	return filepath.Join(m.directory, hex.EncodeToString(hash.Sum(nil))+suffix)
}

// lockFile waits a moment for those who only look whether the lock is held.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	for range lockTries {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return file, nil
		}
		time.Sleep(betweenKills)
	}
	file.Close()
	return nil, fmt.Errorf("%s is locked: %w", path, err)
}

// lives says whether the task's launcher does.
func (m *groupMember) lives(task string) bool {
	fd, err := syscall.Open(m.fileOf(task, ".alive"), syscall.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer syscall.Close(fd)
	return syscall.Flock(fd, syscall.LOCK_SH|syscall.LOCK_NB) == syscall.EWOULDBLOCK
}

// begin leaves a task that has once started so: it may only be between two runs.
func (m *groupMember) begin() {
	if m != nil && m.phase != groupStarted {
		m.tell(groupWaiting, "")
	}
}

// tell keeps the phase for the others. It does nothing for a task that is alone, or that is there already.
func (m *groupMember) tell(phase groupPhase, reason string) {
	if m == nil || phase == groupUnknown || phase == m.phase {
		return
	}
	record := groupRecord{Version: groupVersion, Task: m.question.task, Phase: phase, Reason: reason}
	if err := records.Replace(m.fileOf(record.Task, ".json"), record); err != nil {
		complain("the other tasks of the group are not told that this one is %s: %v", phase, err)
		return
	}
	m.phase = phase
}

// read is unknown for a task that has told nothing, or nothing that a launcher would.
func (m *groupMember) read(task string) groupPhase {
	record, ok := records.Read[groupRecord](m.fileOf(task, ".json"), maxGroupRecordBytes)
	if !ok || record.Version != groupVersion || record.Task != task {
		return groupUnknown
	}
	switch record.Phase {
	case groupWaiting, groupStarted, groupStopped, groupDead:
		return record.Phase
	}
	return groupUnknown
}

// verdict reads how far the others are at this moment.
func (m *groupMember) verdict() groupVerdict {
	if m == nil {
		return groupVerdict{}
	}
	return decideGroup(m.question, m.phases())
}

// phases takes a launcher that is gone for a task that has stopped once the pod is being ended: nobody starts it again.
func (m *groupMember) phases() map[string]groupPhase {
	phases := map[string]groupPhase{}
	for _, task := range append([]string{m.question.lifecycle.LeaderTask}, m.question.lifecycle.Mains...) {
		phases[task] = m.read(task)
		if m.question.stopping && phases[task] != groupDead && !m.lives(task) {
			phases[task] = groupStopped
		}
	}
	return phases
}

// mainsAreDead is false for a task that is alone.
func (m *groupMember) mainsAreDead() bool {
	if m == nil {
		return false
	}
	return every(m.question.lifecycle.Mains, func(main string) bool { return m.read(main) == groupDead })
}
