package main

import (
	"os/exec"
	"runtime"
	"syscall"
	"testing"
)

// withoutCapability runs call on a thread that has lost a capability for ever; the thread ends with it.
func withoutCapability(t *testing.T, name string, call func()) {
	t.Helper()
	set, err := capabilitySetOf([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan syscall.Errno)
	go func() {
		runtime.LockOSThread()
		header := capabilityHeader{version: capabilityVersion3}
		var words [2]capabilityWord
		errno := capabilityCall(syscall.SYS_CAPGET, &header, &words)
		words[0].effective &^= uint32(set)
		words[0].permitted &^= uint32(set)
		if errno == 0 {
			errno = capabilityCall(syscall.SYS_CAPSET, &header, &words)
		}
		if errno == 0 {
			call()
		}
		done <- errno
	}()
	if errno := <-done; errno != 0 {
		t.Fatal(errno)
	}
}

func TestSignalsReachOtherUsersWithoutCapKill(t *testing.T) {
	needRoot(t)
	command := exec.Command("/bin/sleep", "1000")
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}, Setpgid: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var plain, single, group error
	withoutCapability(t, "CAP_KILL", func() {
		plain = syscall.Kill(command.Process.Pid, 0)
		single = signalProcess(command.Process.Pid, 0)
		group = signalProcess(-command.Process.Pid, syscall.SIGTERM)
	})
	if plain != syscall.EPERM || single != nil || group != nil {
		_ = command.Process.Kill()
		t.Errorf("plain %v, to the process %v, to the group %v", plain, single, group)
	}
	_ = command.Wait() // its error is the signal, looked at below
	if status, ok := command.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
		t.Errorf("it ended by %v", command.ProcessState)
	}
}

func TestTerminalBelongsToTheTaskWithoutCapChown(t *testing.T) {
	needRoot(t)
	withoutCapability(t, "CAP_CHOWN", func() {
		pair, err := openTerminal(multiplexer, 65534, 24, 80)
		if err != nil {
			t.Error(err)
			return
		}
		defer pair.master.Close()
		defer syscall.Close(pair.slaveFD)
		var about syscall.Stat_t
		if err := syscall.Fstat(pair.slaveFD, &about); err != nil || about.Uid != 65534 {
			t.Errorf("owner %d, %v", about.Uid, err)
		}
	})
}
