// Acting as another user for one system call: the launcher is uid 0, but it may lack CAP_KILL, CAP_CHOWN, CAP_FOWNER
// and CAP_DAC_OVERRIDE when the task's set lacks them.
package main

import (
	"fmt"
	"runtime"
	"syscall"
)

const keepID = ^uintptr(0)

// asEffectiveUser runs call on a thread whose effective uid is uid: what signals need.
func asEffectiveUser(uid uint32, call func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, keepID, uintptr(uid), keepID); errno != 0 {
		return errno
	}
	err := call()
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, keepID, 0, keepID); errno != 0 {
		panic(fmt.Sprintf("the launcher's thread cannot become uid 0 again: %v", errno))
	}
	return err
}

// asFileUser runs call on a thread whose uid for files is uid: what it makes belongs to uid.
func asFileUser(uid uint32, call func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	syscall.RawSyscall(syscall.SYS_SETFSUID, uintptr(uid), 0, 0)
	defer syscall.RawSyscall(syscall.SYS_SETFSUID, 0, 0, 0)
	return call()
}

// signalProcess signals a process, or a process group by its negative number, with its owner's rights where ours do not
// suffice.
func signalProcess(pid int, signal syscall.Signal) error {
	err := syscall.Kill(pid, signal)
	if err != syscall.EPERM {
		return err
	}
	owner, ownerErr := ownerOf(max(pid, -pid))
	if ownerErr != nil {
		return err
	}
	return asEffectiveUser(owner, func() error { return syscall.Kill(pid, signal) })
}
