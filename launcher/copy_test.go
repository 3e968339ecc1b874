package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nomad-bridge/nomad-bridge/launcher/records"
)

// nodeTree is a node with one of each kind of file.
func nodeTree(t *testing.T) string {
	t.Helper()
	node := testRoot(t, map[string]string{
		"usr/bin/tool": "x", "usr/bin/sh": "->tool", "usr/bin/out": "->/etc/hostname", "usr/lib/a/b/c/deep": "", "usr/empty/": "",
		"etc/passwd": "",
	})
	in := func(name string) string { return filepath.Join(node, name) }
	for _, err := range []error{
		os.WriteFile(in("usr/bin/tool"), bytes.Repeat([]byte("content"), 100_000), 0o755),
		os.Chown(in("usr/bin/tool"), 12, 34),
		os.Chmod(in("usr/bin/tool"), 0o755|os.ModeSetuid),
		os.Link(in("usr/bin/tool"), in("usr/bin/second")),
		os.Lchown(in("usr/bin/sh"), 56, 78),
		os.Chown(in("usr/empty"), 5, 6),
		os.Chmod(in("usr/empty"), 0o700|os.ModeSticky),
		syscall.Mkfifo(in("usr/lib/pipe"), 0o644),
		syscall.Mknod(in("usr/lib/null"), syscall.S_IFCHR|0o666, 0x103),
		syscall.Mknod(in("usr/lib/socket"), syscall.S_IFSOCK|0o666, 0),
		syscall.Setxattr(in("usr/bin/tool"), fileCapabilities, netBindCapability(), 0),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return node
}

// netBindCapability is what setcap cap_net_bind_service=ep writes.
func netBindCapability() []byte {
	return []byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
}

// shapeOf describes all that is below a directory but inode numbers, one line each.
func shapeOf(t *testing.T, root string) []string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		var about syscall.Stat_t
		if err := syscall.Lstat(path, &about); err != nil {
			return err
		}
		text, _ := os.Readlink(path)
		if entry.Type().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text = fmt.Sprintf("%d bytes %.10s", len(content), content)
		}
		var value [64]byte
		size, _ := syscall.Getxattr(path, fileCapabilities, value[:])
		lines = append(lines, fmt.Sprintf("%s mode %o owner %d:%d time %v links %t %s %x", strings.TrimPrefix(path, root), about.Mode,
			about.Uid, about.Gid, about.Mtim, about.Nlink > 1, text, value[:max(size, 0)]))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func usrAndPasswd() []copySource { return []copySource{{path: "usr"}, {path: "etc/passwd"}} }

func TestTheReportOfACopyFitsATerminationMessage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "termination-log")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	report := newCopyReport()
	report.Error = "open " + strings.Repeat("\x01", records.MaxMessageText)
	if err := leaveCopyReport(path, report); err != nil {
		t.Fatal(err)
	}
	left, ok := records.Read[copyReport](path, records.MaxMessageBytes)
	if !ok || !strings.HasPrefix(left.Error, "open \x01") || left.Version != copyVersion {
		t.Errorf("left %+v, %v", left, ok)
	}
}

func TestCopyIsLikeTheNodeAndApartFromIt(t *testing.T) {
	needRoot(t)
	node, target := nodeTree(t), t.TempDir()
	report, err := copyAll(node, target, usrAndPasswd())
	if err != nil {
		t.Fatal(err)
	}
	want := copyReport{
		Version: 1, Seconds: report.Seconds, Files: 3, Directories: 7, Symlinks: 2, HardLinks: 1, Bytes: 700_000, Setuid: 1,
		Skipped: copySkipped{Devices: 1, Sockets: 1, Fifos: 1},
	}
	if report != want {
		t.Errorf("the report is %+v", report)
	}
	for _, name := range []string{"pipe", "null", "socket"} {
		if err := os.Remove(filepath.Join(node, "usr/lib", name)); err != nil {
			t.Fatal(err)
		}
	}
	var stat syscall.Stat_t
	if err := syscall.Stat(filepath.Join(target, "usr/lib"), &stat); err != nil {
		t.Fatal(err)
	}
	before := time.Unix(stat.Mtim.Unix())
	if err := os.Chtimes(filepath.Join(node, "usr/lib"), before, before); err != nil {
		t.Fatal(err)
	}
	onNode, copied := strings.Join(shapeOf(t, filepath.Join(node, "usr")), "\n"), strings.Join(shapeOf(t, filepath.Join(target, "usr")), "\n")
	if onNode != copied {
		t.Errorf("on the node:\n%s\nin the copy:\n%s", onNode, copied)
	}
	if err := os.WriteFile(filepath.Join(target, "usr/bin/second"), nil, 0); err != nil {
		t.Fatal(err)
	}
	if about, err := os.Stat(filepath.Join(node, "usr/bin/tool")); err != nil || about.Size() != 700_000 {
		t.Errorf("a write to the copy reaches the node: %v, %v", about, err)
	}
}

func TestASecondCopyAfterAWholeOneDoesNothing(t *testing.T) {
	needRoot(t)
	node, target := nodeTree(t), t.TempDir()
	if _, err := copyAll(node, target, usrAndPasswd()); err != nil {
		t.Fatal(err)
	}
	tool := filepath.Join(target, "usr/bin/tool")
	if err := os.Remove(tool); err != nil {
		t.Fatal(err)
	}
	report, err := copyAll(node, target, usrAndPasswd())
	if err != nil || !report.Already {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := os.Lstat(tool); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what the task has removed is back: %v", err)
	}
	report, err = copyAll(node, target, append(usrAndPasswd(), copySource{path: "etc"}))
	if err != nil || report.Already || report.Files != 1 || report.Kept == 0 {
		t.Errorf("of another list: %+v, %v", report, err)
	}
}

func TestAnInterruptedCopyIsCompleted(t *testing.T) {
	needRoot(t)
	node, target := nodeTree(t), t.TempDir()
	half := filepath.Join(target, copyTemporaryName)
	for _, err := range []error{
		os.Mkdir(half, 0o700),
		os.WriteFile(filepath.Join(half, "worker-0"), []byte("half"), 0o600),
		os.MkdirAll(filepath.Join(target, "usr/bin"), 0o700),
		os.WriteFile(filepath.Join(target, "usr/bin/tool"), []byte("whole"), 0o755),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	report, err := copyAll(node, target, usrAndPasswd())
	if err != nil || report.Kept != 1 || report.Files != 3 {
		t.Errorf("%+v, %v", report, err)
	}
	if text, err := os.ReadFile(filepath.Join(target, "usr/bin/tool")); err != nil || string(text) != "whole" {
		t.Errorf("what was there is %q, %v", text, err)
	}
	if about, err := os.Stat(filepath.Join(target, "usr/bin")); err != nil || about.Mode().Perm() != 0o755 {
		t.Errorf("the directory that was begun: %v, %v", about.Mode(), err)
	}
	if _, err := os.Lstat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was half done is left: %v", err)
	}
}

func TestASourceThatIsALinkIsCopiedAsOne(t *testing.T) {
	needRoot(t)
	target := t.TempDir()
	if _, err := copyAll(testRoot(t, map[string]string{"lib": "->/etc"}), target, []copySource{{path: "lib"}}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.Readlink(filepath.Join(target, "lib")); err != nil || text != "/etc" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestCopyFollowsNoLinkOnEitherSide(t *testing.T) {
	needRoot(t)
	cases := []struct {
		name         string
		node, target map[string]string
		source       string
	}{
		{name: "above a source", node: map[string]string{"a": "->b", "b/c/tool": "x"}, target: map[string]string{"a/": ""}, source: "a/c"},
		{name: "in the volume", node: map[string]string{"usr/tool": "x"}, target: map[string]string{"usr": "->elsewhere", "elsewhere/": ""}, source: "usr"},
		{name: "above in the volume", node: map[string]string{"a/b/tool": "x"}, target: map[string]string{"a": "->elsewhere", "elsewhere/": ""}, source: "a/b"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			target := testRoot(t, c.target)
			if report, err := copyAll(testRoot(t, c.node), target, []copySource{{path: c.source}}); err == nil {
				t.Errorf("it is followed: %+v", report)
			}
			if inside, err := os.ReadDir(filepath.Join(target, "elsewhere")); err == nil && len(inside) > 0 {
				t.Errorf("written there: %v", inside)
			}
		})
	}
}

func TestWhatIsPartOfAnotherSourceIsOneCopyWithTwoNames(t *testing.T) {
	needRoot(t)
	node, target := nodeTree(t), t.TempDir()
	sources := []copySource{{path: "usr"}, {path: "lib", sameAs: "usr/lib"}, {path: "bin", sameAs: "usr/bin"}}
	for _, err := range []error{
		// A directory cannot have two names without a mount: /lib only claims to be the same, and /bin is another one.
		os.MkdirAll(filepath.Join(node, "lib/other"), 0o755),
		os.Mkdir(filepath.Join(node, "bin"), 0o755),
		os.WriteFile(filepath.Join(node, "bin/own"), nil, 0o755),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := copyAll(node, target, sources); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(target, "bin/own")); err != nil {
		t.Errorf("the claim was believed: %v", err)
	}
	copier, err := newTreeCopier(node, target)
	if err != nil {
		t.Fatal(err)
	}
	defer copier.close()
	for range 2 {
		if err := copier.linkTree("usr", "second"); err != nil {
			t.Fatal(err)
		}
	}
	first, second := shapeOf(t, filepath.Join(target, "usr")), shapeOf(t, filepath.Join(target, "second"))
	if strings.Join(first, "\n") != strings.Join(second, "\n") {
		t.Errorf("%s\n\n%s", strings.Join(first, "\n"), strings.Join(second, "\n"))
	}
	one, oneErr := os.Stat(filepath.Join(target, "usr/bin/tool"))
	two, twoErr := os.Stat(filepath.Join(target, "second/bin/tool"))
	if oneErr != nil || twoErr != nil || !os.SameFile(one, two) {
		t.Errorf("two files: %v, %v", oneErr, twoErr)
	}
}

func TestCopyFailuresSayWhatToDo(t *testing.T) {
	report, err := copyAll(t.TempDir(), t.TempDir(), nil)
	if err == nil || !strings.Contains(err.Error(), "nothing is mounted below") || report.Version != copyVersion {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := copyAll(t.TempDir(), "/no/such", usrAndPasswd()); err == nil || !strings.Contains(err.Error(), "must be mounted at /no/such") {
		t.Errorf("%v", err)
	}
	if err := explainCopyError(fmt.Errorf("/usr/x: %w", syscall.ENOSPC)); !strings.Contains(err.Error(), "must be as large") {
		t.Errorf("%v", err)
	}
	if err := explainCopyError(syscall.EPERM); !strings.Contains(err.Error(), "SETFCAP") {
		t.Errorf("%v", err)
	}
}

func TestProgressIsReadable(t *testing.T) {
	for want, numbers := range map[string][2]int64{
		"copied 12,345 files, 1.2 GB":     {12345, 1_234_567_890},
		"copied 1,234,567 files, 3.4 MB":  {1234567, 3_400_000},
		"copied 0 files, 999 bytes":       {0, 999},
		"copied 100 files, 999,999 bytes": {100, 999_999},
	} {
		if got := progressText(numbers[0], numbers[1]); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
