// A pseudo-terminal of our own from the container's /dev/ptmx, or from the node's.
package main

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

const (
	ioctlPtyLock      = 0x40045431
	ioctlPtyPeer      = 0x5441
	ioctlPtyNumber    = 0x80045430
	ioctlReadable     = 0x541b
	ioctlSetWindow    = 0x5414
	endOfTransmission = 0x04
)

type windowSize struct {
	rows, cols, xPixels, yPixels uint16
}

// terminalPair is both ends of a pseudo-terminal. The slave stays open until the leader has ended, because a master
// without any slave cannot be read.
type terminalPair struct {
	master *os.File
	// masterFD is for ioctls alone; the master is open as long as the launcher lives.
	masterFD int
	slaveFD  int
}

const multiplexer = "/dev/ptmx"

// openTerminal makes a terminal that belongs to owner: the kernel takes the owner from who opens it. The terminal has a
// name beside the device that makes it.
func openTerminal(device string, owner uint32, rows, cols uint16) (terminalPair, error) {
	const flags = syscall.O_RDWR | syscall.O_NOCTTY | syscall.O_NONBLOCK | syscall.O_CLOEXEC
	master := -1
	err := asFileUser(owner, func() (openErr error) {
		master, openErr = syscall.Open(device, flags, 0)
		return openErr
	})
	if err != nil {
		return terminalPair{}, fmt.Errorf("no terminal: %s: %w", device, err)
	}
	slave, err := openSlave(master)
	if err == nil {
		err = giveTerminal(slave, owner)
	}
	if err != nil {
		return terminalPair{}, fmt.Errorf("no terminal: %w", err)
	}
	setWindow(master, rows, cols)
	return terminalPair{master: os.NewFile(uintptr(master), "ptmx"), masterFD: master, slaveFD: slave}, nil
}

func openSlave(master int) (int, error) {
	var unlocked int32
	if err := ioctl(master, ioctlPtyLock, uintptr(unsafe.Pointer(&unlocked))); err != nil {
		return -1, err
	}
	const flags = syscall.O_RDWR | syscall.O_NOCTTY | syscall.O_CLOEXEC
	slave, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(master), ioctlPtyPeer, flags)
	if errno == 0 {
		return int(slave), nil
	}
	var number uint32
	if err := ioctl(master, ioctlPtyNumber, uintptr(unsafe.Pointer(&number))); err != nil {
		return -1, err
	}
	return syscall.Open(fmt.Sprintf("/dev/pts/%d", number), flags|syscall.O_NOFOLLOW, 0)
}

// giveTerminal changes the owner only where the file system has chosen another one.
func giveTerminal(slave int, owner uint32) error {
	var about syscall.Stat_t
	if err := syscall.Fstat(slave, &about); err != nil || about.Uid == owner {
		return err
	}
	return syscall.Fchown(slave, int(owner), -1)
}

// setWindow never sets 0, which programs divide by. A terminal that cannot be resized stays as it is.
func setWindow(master int, rows, cols uint16) {
	size := windowSize{rows: max(rows, 1), cols: max(cols, 1)}
	_ = ioctl(master, ioctlSetWindow, uintptr(unsafe.Pointer(&size)))
}

func ioctl(fd int, request, argument uintptr) error {
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), request, argument); errno != 0 {
		return errno
	}
	return nil
}

// readableBytes is how much a pipe or terminal holds right now.
func readableBytes(fd int) int64 {
	var count int32
	if err := ioctl(fd, ioctlReadable, uintptr(unsafe.Pointer(&count))); err != nil {
		return 0
	}
	return int64(count)
}

type pollEntry struct {
	fd      int32
	events  int16
	revents int16
}

// hasInput asks the kernel without waiting. For a terminal this also moves what its writers left in the kernel's own
// buffer to where a read finds it.
func hasInput(fd int) bool {
	const pollIn = 1
	for {
		entry := pollEntry{fd: int32(fd), events: pollIn}
		var now syscall.Timespec
		n, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&entry)), 1,
			uintptr(unsafe.Pointer(&now)), 0, 0, 0)
		// Go's scheduler interrupts its own threads: that says nothing of the terminal, whose last line would be lost.
		if errno == syscall.EINTR {
			continue
		}
		return errno == 0 && n == 1 && entry.revents&pollIn != 0
	}
}
