package main

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestWhoConnectsWaitsForAPlaceInTheQueue(t *testing.T) {
	address := &syscall.SockaddrUnix{Name: filepath.Join(t.TempDir(), "s")}
	open := func() int {
		fd, err := syscall.Socket(syscall.AF_UNIX, seqStreamFlags|syscall.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { syscall.Close(fd) })
		return fd
	}
	listener := open()
	if err := syscall.Bind(listener, address); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(listener, 0); err != nil {
		t.Fatal(err)
	}
	for syscall.Connect(open(), address) != syscall.EAGAIN {
	}
	late := open()
	connected := make(chan error, 1)
	go func() { connected <- connectInTurn(late, address) }()
	time.Sleep(5 * connectPause)
	accepted, _, err := syscall.Accept(listener)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(accepted)
	if err := <-connected; err != nil {
		t.Error(err)
	}
}
