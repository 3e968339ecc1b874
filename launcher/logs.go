// One stream of a task's output in /alloc/logs: numbered files, the oldest removed. The task may put anything in their
// place at any time, so nothing there is followed, waited for, or taken for ours that is not.
package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	logDirectoryName = "logs"
	logFileMode      = 0o644

	// What a task can make us look at, or try, is bounded.
	maxLogEntries   = 16 * 1024
	maxLogNumber    = 1 << 40
	maxTakenNumbers = 256

	betweenLogTries = 5 * time.Second
)

// rotatedLog lives as long as the launcher. A file system that does not take what is written costs that, and one
// complaint; it is tried again later.
type rotatedLog struct {
	alloc    string
	prefix   string
	policy   logsPolicy
	complain func(format string, values ...any)

	mutex      sync.Mutex
	fd         int
	number     int64
	size       int64
	lineEnded  bool
	retryAt    time.Time
	complained bool
	// directory is what the first file was opened in; another in its place is not written to.
	directory directoryIdentity
}

type directoryIdentity struct{ device, inode uint64 }

func newRotatedLog(alloc, task, stream string, policy logsPolicy) *rotatedLog {
	return &rotatedLog{alloc: alloc, prefix: task + "." + stream + ".", policy: policy, complain: complain, fd: -1, number: -1}
}

// begin makes the file before there is output for it: who follows the log of a silent task finds one, as on Nomad.
func (l *rotatedLog) begin() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.fd >= 0 {
		return
	}
	if err := l.openNext(); err != nil {
		l.giveUp(err)
	}
}

// write keeps what it can.
func (l *rotatedLog) write(output []byte) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.fd < 0 && time.Now().Before(l.retryAt) {
		return
	}
	for len(output) > 0 {
		n, err := l.writePiece(output)
		if err != nil {
			l.giveUp(err)
			return
		}
		output = output[n:]
	}
}

func (l *rotatedLog) writePiece(output []byte) (int, error) {
	if l.fd < 0 || len(l.fitting(output)) == 0 {
		if err := l.openNext(); err != nil {
			return 0, err
		}
	}
	n, err := syscall.Write(l.fd, l.fitting(output))
	if n <= 0 || err != nil {
		if err == syscall.EINTR {
			err = nil
		}
		return 0, err
	}
	l.size += int64(n)
	l.lineEnded = output[n-1] == '\n'
	return n, nil
}

// fitting is what still goes into the present file: up to the last line end there, or nothing after one. Only a line that
// is longer than a file, or that came in pieces, is cut.
func (l *rotatedLog) fitting(output []byte) []byte {
	room := l.policy.MaxFileBytes - l.size
	if int64(len(output)) <= room {
		return output
	}
	if end := bytes.LastIndexByte(output[:max(room, 0)], '\n'); end >= 0 {
		return output[:end+1]
	}
	if l.lineEnded && l.size > 0 {
		return nil
	}
	return output[:max(room, 0)]
}

func (l *rotatedLog) giveUp(why error) {
	l.closeFile()
	l.retryAt = time.Now().Add(betweenLogTries)
	if !l.complained && !os.IsNotExist(why) {
		l.complained = true
		l.complain("output is not kept in %s/%s, only streamed: %v", l.alloc, logDirectoryName, why)
	}
}

func (l *rotatedLog) closeFile() {
	if l.fd >= 0 {
		syscall.Close(l.fd)
	}
	l.fd = -1
}

// openNext goes on with the newest file after a restart of the launcher, and begins the next one otherwise.
func (l *rotatedLog) openNext() error {
	directory, err := l.openDirectory()
	if err != nil {
		return err
	}
	defer directory.Close()
	l.closeFile()
	existing, err := l.numbersIn(directory)
	if err != nil {
		return err
	}
	if l.number < 0 && len(existing) > 0 && l.resume(directory, existing[len(existing)-1]) {
		return nil
	}
	if len(existing) > 0 {
		l.number = max(l.number, existing[len(existing)-1])
	}
	if err := l.create(directory); err != nil {
		return err
	}
	for _, number := range existing {
		if number <= l.number-int64(l.policy.MaxFiles) {
			_ = syscall.Unlinkat(int(directory.Fd()), l.nameOf(number)) // the task may have been faster
		}
	}
	return nil
}

// openDirectory refuses a directory that has been put in the place of the first one. A pod without /alloc has no logs.
func (l *rotatedLog) openDirectory() (*os.File, error) {
	alloc, err := syscall.Open(l.alloc, openPath|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(alloc)
	fd, err := openDirectoryNoLinks(alloc, logDirectoryName)
	if err == syscall.ENOENT {
		return nil, fmt.Errorf("the directory is gone")
	}
	if err != nil {
		return nil, fmt.Errorf("the directory cannot be used: %w", err)
	}
	var about syscall.Stat_t
	if err := syscall.Fstat(fd, &about); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	found := directoryIdentity{device: uint64(about.Dev), inode: about.Ino}
	if l.directory != (directoryIdentity{}) && l.directory != found {
		syscall.Close(fd)
		return nil, fmt.Errorf("the directory has been replaced")
	}
	l.directory = found
	return os.NewFile(uintptr(fd), logDirectoryName), nil
}

// numbersIn are the files of this stream, oldest first. Of a directory that a task has flooded, it sees a part.
func (l *rotatedLog) numbersIn(directory *os.File) ([]int64, error) {
	var numbers []int64
	for seen := 0; seen < maxLogEntries; {
		names, err := directory.Readdirnames(256)
		for _, name := range names {
			if number, ok := l.numberOf(name); ok && isLogOfOurs(directory, name) {
				numbers = append(numbers, number)
			}
		}
		if len(names) == 0 || err != nil {
			break
		}
		seen += len(names)
	}
	slices.Sort(numbers)
	return numbers, nil
}

func (l *rotatedLog) numberOf(name string) (int64, bool) {
	digits, ok := strings.CutPrefix(name, l.prefix)
	if !ok {
		return 0, false
	}
	number, err := strconv.ParseInt(digits, 10, 64)
	return number, err == nil && number >= 0 && number < maxLogNumber && l.nameOf(number) == name
}

func (l *rotatedLog) nameOf(number int64) string { return l.prefix + strconv.FormatInt(number, 10) }

func isLogOfOurs(directory *os.File, name string) bool {
	var about syscall.Stat_t
	err := syscall.Lstat(descriptorPath(int(directory.Fd()))+"/"+name, &about)
	return err == nil && isOwnLog(about)
}

// isOwnLog is a regular file of root's with one name: a link to a file elsewhere has two.
func isOwnLog(about syscall.Stat_t) bool {
	return about.Mode&syscall.S_IFMT == syscall.S_IFREG && about.Uid == 0 && about.Nlink == 1
}

const appendFlags = syscall.O_WRONLY | syscall.O_APPEND | syscall.O_NONBLOCK | syscall.O_NOCTTY

// createBeneath never opens what is there already.
func createBeneath(directory int, name string, mode uint64) (int, error) {
	how := openHow{flags: appendFlags | syscall.O_CREAT | syscall.O_EXCL, mode: mode, resolve: resolveBeneath | resolveNoSymlinks | resolveNoMagic}
	return openResolved(directory, name, how)
}

func (l *rotatedLog) resume(directory *os.File, number int64) bool {
	fd, err := openBeneath(int(directory.Fd()), l.nameOf(number), appendFlags)
	if err != nil {
		return false
	}
	var about syscall.Stat_t
	if err := syscall.Fstat(fd, &about); err != nil || !isOwnLog(about) || about.Size >= l.policy.MaxFileBytes {
		syscall.Close(fd)
		return false
	}
	l.fd, l.number, l.size = fd, number, about.Size
	return true
}

// create passes over numbers whose names are taken, by whatever the task has put there.
func (l *rotatedLog) create(directory *os.File) error {
	for range maxTakenNumbers {
		l.number++
		fd, err := createBeneath(int(directory.Fd()), l.nameOf(l.number), logFileMode)
		if err == syscall.EEXIST {
			continue
		}
		if err != nil {
			return err
		}
		l.fd, l.size = fd, 0
		return nil
	}
	return fmt.Errorf("the names up to %s are taken", l.nameOf(l.number))
}
