// Capabilities: names to numbers, and how a process comes to hold exactly a wanted set.
package main

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"unsafe"
)

const (
	prCapBoundingRead   = 23
	prCapBoundingDrop   = 24
	capabilityVersion3  = 0x20080522
	highestPossibleCap  = 63
	firstUnknownErrno   = syscall.EINVAL // the kernel knows no capability of this number or higher
	prSetChildSubreaper = 36
)

// capabilitySet has bit n for capability number n.
type capabilitySet uint64

func capabilityNames() []string {
	return []string{
		"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
		"LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
		"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
		"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
		"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
		"CHECKPOINT_RESTORE",
	}
}

// capabilitySetOf accepts names with and without "CAP_".
func capabilitySetOf(names []string) (capabilitySet, error) {
	numbers := map[string]int{}
	for number, name := range capabilityNames() {
		numbers[name] = number
	}
	var set capabilitySet
	for _, name := range names {
		number, ok := numbers[strings.TrimPrefix(strings.ToUpper(name), "CAP_")]
		if !ok {
			return 0, fmt.Errorf("%q is not a capability", name)
		}
		set |= 1 << number
	}
	return set, nil
}

func (s capabilitySet) numbers() []uintptr {
	var numbers []uintptr
	for number := range uintptr(highestPossibleCap) {
		if s&(1<<number) != 0 {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// restrictThread locks the goroutine to its thread and takes everything but wanted from the thread's bounding set, and
// all of its inheritable set, so that what this thread starts holds wanted and nothing else. It keeps its own effective
// set: that is what the switch of user needs. It is meant to be for ever; other threads are not touched.
func restrictThread(wanted capabilitySet) error {
	runtime.LockOSThread()
	for number := range uintptr(highestPossibleCap) {
		if wanted&(1<<number) != 0 {
			continue
		}
		held, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prCapBoundingRead, number, 0)
		if errno == firstUnknownErrno {
			break
		}
		if held == 0 {
			continue
		}
		if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prCapBoundingDrop, number, 0); errno != 0 {
			return fmt.Errorf("capability %d cannot be taken from the bounding set: %w", number, errno)
		}
	}
	return clearInheritable()
}

type capabilityHeader struct {
	version uint32
	pid     int32
}

type capabilityWord struct {
	effective, permitted, inheritable uint32
}

func clearInheritable() error {
	header := capabilityHeader{version: capabilityVersion3}
	var words [2]capabilityWord
	if errno := capabilityCall(syscall.SYS_CAPGET, &header, &words); errno != 0 {
		return fmt.Errorf("the capabilities cannot be read: %w", errno)
	}
	words[0].inheritable, words[1].inheritable = 0, 0
	if errno := capabilityCall(syscall.SYS_CAPSET, &header, &words); errno != 0 {
		return fmt.Errorf("the inheritable capabilities cannot be cleared: %w", errno)
	}
	return nil
}

func capabilityCall(call uintptr, header *capabilityHeader, words *[2]capabilityWord) syscall.Errno {
	_, _, errno := syscall.RawSyscall(call, uintptr(unsafe.Pointer(header)), uintptr(unsafe.Pointer(words)), 0)
	return errno
}

// becomeSubreaper makes orphans among our descendants our children, so that they can be found, ended and reaped.
func becomeSubreaper() error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
