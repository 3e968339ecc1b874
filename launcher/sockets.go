// Unix sockets by system calls: package net would more than double the launcher and its start-up.
package main

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"time"
)

const (
	maxControlLineBytes = 4096
	// maxAnswerLineBytes holds an environment of 2 MiB, the most that a process can have, in base64.
	maxAnswerLineBytes = 4 * 1024 * 1024
	answerPieceBytes   = 64 * 1024
	socketBacklog      = 64
	seqStreamFlags     = syscall.SOCK_STREAM | syscall.SOCK_CLOEXEC
)

// listenPrivate makes a socket at path that only root may connect to.
func listenPrivate(path string) (int, error) {
	fd, err := syscall.Socket(syscall.AF_UNIX, seqStreamFlags, 0)
	if err != nil {
		return -1, err
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		syscall.Close(fd)
		return -1, err
	}
	before := syscall.Umask(0o177)
	err = syscall.Bind(fd, &syscall.SockaddrUnix{Name: path})
	syscall.Umask(before)
	if err == nil {
		err = syscall.Listen(fd, socketBacklog)
	}
	if err != nil {
		syscall.Close(fd)
		return -1, err
	}
	return fd, nil
}

// connectRoot connects to a socket whose other side is uid 0. It does not wait for a listener that is too busy.
func connectRoot(path string) (int, error) {
	fd, err := syscall.Socket(syscall.AF_UNIX, seqStreamFlags|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, err
	}
	err = connectInTurn(fd, &syscall.SockaddrUnix{Name: path})
	if err == nil {
		_, err = rootPeer(fd)
	}
	if err == nil {
		err = syscall.SetNonblock(fd, false)
	}
	if err != nil {
		syscall.Close(fd)
		return -1, err
	}
	return fd, nil
}

const (
	connectPause = 10 * time.Millisecond
	connectTries = 300
)

// connectInTurn comes again where so many others connect that the kernel has no place left for one more, for 3 s.
func connectInTurn(fd int, address syscall.Sockaddr) error {
	for try := 1; ; try++ {
		err := syscall.Connect(fd, address)
		if err != syscall.EAGAIN || try == connectTries {
			return err
		}
		time.Sleep(connectPause)
	}
}

// rootPeer is the pid of the other side, which must be uid 0.
func rootPeer(fd int) (pid int, err error) {
	peer, err := syscall.GetsockoptUcred(fd, syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	if err != nil {
		return 0, err
	}
	if peer.Uid != 0 {
		return 0, fmt.Errorf("the other side is uid %d, not 0", peer.Uid)
	}
	return int(peer.Pid), nil
}

// setTimeouts bounds each read and write of a socket; 0 is no bound.
func setTimeouts(fd int, seconds int64) error {
	bound := syscall.Timeval{Sec: seconds}
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &bound); err != nil {
		return err
	}
	return syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &bound)
}

// readLine reads up to a line end, which is not part of the result. A line that is too long or has no end is an error.
func readLine(fd int) ([]byte, error) {
	return readLineInto(fd, make([]byte, 256), maxControlLineBytes)
}

// readLongLine is readLine for an answer of up to limit bytes.
func readLongLine(fd, limit int) ([]byte, error) {
	return readLineInto(fd, make([]byte, answerPieceBytes), limit)
}

func readLineInto(fd int, piece []byte, limit int) ([]byte, error) {
	line := make([]byte, 0, len(piece))
	for len(line) <= limit {
		n, err := syscall.Read(fd, piece)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, fmt.Errorf("the connection ended within a line")
		}
		before := len(line)
		line = append(line, piece[:n]...)
		if end := bytes.IndexByte(piece[:n], '\n'); end >= 0 {
			return line[:before+end], nil
		}
	}
	return nil, fmt.Errorf("the line is longer than %d bytes", limit)
}

func writeLine(fd int, line []byte) error {
	rest := append(line, '\n')
	for len(rest) > 0 {
		n, err := syscall.SendmsgN(fd, rest, nil, nil, syscall.MSG_NOSIGNAL)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}
