package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

const nodeVariable = "LAUNCHER_TEST_NODE"

const nodePasswd = "root:x:0:0:root:/root:/bin/sh\napp:x:4321:50:app:/home/app:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"

const nodeGroup = "root:x:0:\nstaff:x:50:\nweb:x:600:other,app\nmail:x:601:app\nbroken:x:y:app\n"

// layoutUnderTest is placesIn, or for a launcher of launcherOnNode a container on a node that has other things than this machine.
func layoutUnderTest(directory string) layout {
	places := placesIn(directory)
	if os.Getenv(nodeVariable) == "" {
		return places
	}
	os.Unsetenv(nodeVariable)
	places.root = filepath.Join(directory, "root")
	if err := becomeNode(directory, places); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitUsage)
	}
	return places
}

// launcherOnNode runs in a mount namespace of its own: nothing that it mounts is ever seen outside.
func launcherOnNode(t *testing.T, directory string, arguments ...string) *exec.Cmd {
	t.Helper()
	needRoot(t)
	command := launcher(t, directory, arguments...)
	command.Env = append(command.Env, nodeVariable+"=yes")
	command.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	return command
}

// becomeNode mounts a node's root, which is this machine's but for passwd, group and /mnt, and the volumes of a pod,
// one of them in memory.
func becomeNode(directory string, places layout) error {
	own, ownErr := os.Readlink("/proc/self/ns/mnt")
	parents, parentsErr := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", os.Getppid()))
	if ownErr != nil || parentsErr != nil || own == parents {
		return fmt.Errorf("this is no mount namespace of its own: %v, %v", ownErr, parentsErr)
	}
	volumes := filepath.Join(directory, "pods", testPodUID, "volumes")
	for _, path := range []string{volumes + "/local", volumes + "/alloc", volumes + "/secrets", places.hostRoot(),
		places.root + "/local", places.root + "/alloc", places.root + "/secrets"} {
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{"passwd": nodePasswd, "group": nodeGroup} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, mount := range []struct {
		source, target, kind string
		flags                uintptr
	}{
		{source: "tmpfs", target: volumes + "/secrets", kind: "tmpfs"},
		{source: "/", target: places.hostRoot(), flags: syscall.MS_BIND | syscall.MS_REC},
		{source: volumes + "/local", target: places.root + "/local", flags: syscall.MS_BIND},
		{source: volumes + "/alloc", target: places.root + "/alloc", flags: syscall.MS_BIND},
		{source: volumes + "/secrets", target: places.root + "/secrets", flags: syscall.MS_BIND},
		{source: directory + "/passwd", target: places.hostRoot() + "/etc/passwd", flags: syscall.MS_BIND},
		{source: directory + "/group", target: places.hostRoot() + "/etc/group", flags: syscall.MS_BIND},
		{source: "tmpfs", target: places.hostRoot() + "/mnt", kind: "tmpfs"},
	} {
		if err := syscall.Mount(mount.source, mount.target, mount.kind, mount.flags, ""); err != nil {
			return fmt.Errorf("mount %s: %w", mount.target, err)
		}
	}
	return os.WriteFile(filepath.Join(places.hostRoot(), "mnt/node"), []byte("the node\n"), 0o644)
}
