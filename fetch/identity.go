// Proof that a process is the task's user and nothing else, before it opens anything.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxDataBytes bounds what a hostile archive can make a decoder allocate.
const maxDataBytes = 1 << 30

// becomeIrrevocably gives up what exec has left, on every thread, and asks the kernel whether there is a way back.
// The identity itself was set between fork and exec, by supervise.
func becomeIrrevocably(uid, gid uint32) error {
	if err := onAllThreads("no_new_privs", unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1); err != nil {
		return err
	}
	if err := onAllThreads("the ambient capabilities", unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL); err != nil {
		return err
	}
	// Root has all capabilities after exec; without them it is a user like any other.
	if err := dropCapabilities(); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("dumpable: %w", err)
	}
	limit := unix.Rlimit{Cur: maxDataBytes, Max: maxDataBytes}
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &limit); err != nil {
		return fmt.Errorf("the limit of memory: %w", err)
	}
	return verifyIdentity(uid, gid)
}

func onAllThreads(what string, call, first, second uintptr) error {
	if _, _, number := syscall.AllThreadsSyscall6(call, first, second, 0, 0, 0, 0); number != 0 {
		return fmt.Errorf("%s: %w", what, number)
	}
	return nil
}

func dropCapabilities() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	_, _, number := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&none[0])), 0)
	if number != 0 {
		return fmt.Errorf("the capabilities: %w", number)
	}
	return nil
}

func verifyIdentity(uid, gid uint32) error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, task := range tasks {
		text, err := os.ReadFile("/proc/self/task/" + task.Name() + "/status")
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue
		}
		if err != nil {
			return err
		}
		if err := verifyStatus(text, uid, gid); err != nil {
			return err
		}
	}
	return verifyNoWayBack(uid)
}

// verifyStatus reads what the kernel says of one thread.
func verifyStatus(text []byte, uid, gid uint32) error {
	same := func(id uint32) string {
		return strings.TrimSpace(strings.Repeat(strconv.FormatUint(uint64(id), 10)+"\t", 4))
	}
	wanted := map[string]string{
		"Uid": same(uid), "Gid": same(gid), "Groups": "", "NoNewPrivs": "1",
		"CapInh": noCapabilities, "CapPrm": noCapabilities, "CapEff": noCapabilities, "CapAmb": noCapabilities,
	}
	for _, line := range bytes.Split(text, []byte("\n")) {
		name, value, _ := strings.Cut(string(line), ":")
		want, asked := wanted[name]
		if !asked {
			continue
		}
		if strings.TrimSpace(value) != want {
			return fmt.Errorf("the process has %s %q, but it must have %q", name, strings.TrimSpace(value), want)
		}
		delete(wanted, name)
	}
	if len(wanted) > 0 {
		return fmt.Errorf("the kernel does not say what the process is: %v", wanted)
	}
	return nil
}

const noCapabilities = "0000000000000000"

func verifyNoWayBack(uid uint32) error {
	if uid == 0 {
		return nil
	}
	if err := unix.Setresuid(0, 0, 0); err == nil {
		return errors.New("the process could become root again")
	}
	if err := unix.Setgroups([]int{0}); err == nil {
		return errors.New("the process could take groups")
	}
	return nil
}
