package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// testRoot is a file tree: names that end in "/" are directories, "x" in the content makes a file executable, "->" a link.
func testRoot(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		target, isLink := strings.CutPrefix(content, "->")
		switch {
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o755)
		case isLink:
			err = os.Symlink(target, path)
		case content == "x":
			err = os.WriteFile(path, nil, 0o755)
		default:
			err = os.WriteFile(path, nil, 0o640)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestTaskCommandIsSearchedInNomadsOrder(t *testing.T) {
	cases := []struct {
		name, command string
		files         map[string]string
		mounts        []string
		found         string
	}{
		{name: "local comes first", command: "run", files: map[string]string{"local/run": "x", "run": "x", "usr/bin/run": "x"}, found: "/local/run"},
		{name: "then the root", command: "run", files: map[string]string{"run": "x", "usr/bin/run": "x"}, found: "/run"},
		{name: "then usr/local/bin", command: "run", files: map[string]string{"usr/local/bin/run": "x", "usr/bin/run": "x"}, found: "/usr/local/bin/run"},
		{name: "then usr/bin", command: "run", files: map[string]string{"usr/bin/run": "x", "bin/run": "x"}, found: "/usr/bin/run"},
		{name: "then bin", command: "run", files: map[string]string{"bin/run": "x"}, found: "/bin/run"},
		{name: "absolute", command: "/opt/run", files: map[string]string{"opt/run": "x"}, found: "/opt/run"},
		{name: "relative with a slash is below local", command: "bin/run", files: map[string]string{"local/bin/run": "x", "bin/run": "x"}, found: "/local/bin/run"},
		{name: "a directory is passed over", command: "run", files: map[string]string{"local/run/": "", "bin/run": "x"}, found: "/bin/run"},
		{name: "a link is followed inside", command: "run", files: map[string]string{"bin/run": "->/opt/real", "opt/real": "x"}, found: "/bin/run"},
		{name: "below a mount", command: "/data/run", files: map[string]string{"data/run": "x"}, mounts: []string{"/data"}, found: "/data/run"},
		{name: "dots do not lead out", command: "../../../../bin/run", files: map[string]string{"bin/run": "x"}, found: "/bin/run"},
		{name: "names with a slash are not looked for in bin", command: "sub/run", files: map[string]string{"bin/sub/run": "x"}},
		{name: "a link out is none", command: "run", files: map[string]string{"local/run": "->../../../../../../../../etc/hostname"}},
		{name: "missing", command: "run", files: map[string]string{"bin/": ""}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			found, err := findTaskCommand(testRoot(t, c.files), c.command, c.mounts)
			if c.found == "" {
				if want := notFound(c.command).Error(); err == nil || err.Error() != want {
					t.Errorf("found %q, error %v, want %q", found, err, want)
				}
				return
			}
			if err != nil || found != c.found {
				t.Errorf("found %q, error %v", found, err)
			}
		})
	}
}

func TestCommandsAreMadeExecutable(t *testing.T) {
	cases := []struct {
		name   string
		files  map[string]string
		target string
		refuse bool
	}{
		{name: "plain", files: map[string]string{"local/run": ""}, target: "local/run"},
		{name: "through a link that stays", files: map[string]string{"local/run": "->real", "local/real": ""}, target: "local/real"},
		{name: "not through a link out of local", files: map[string]string{"local/run": "->/opt/real", "opt/real": ""}, target: "opt/real", refuse: true},
		{name: "not the launcher's own files", files: map[string]string{"run": "->/nomad-bridge/task.json", "nomad-bridge/task.json": ""}, target: "nomad-bridge/task.json", refuse: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			root := testRoot(t, c.files)
			_, err := findTaskCommand(root, "run", nil)
			about, statErr := os.Stat(filepath.Join(root, c.target))
			if statErr != nil {
				t.Fatal(statErr)
			}
			if c.refuse && (err == nil || about.Mode().Perm() != 0o640) {
				t.Errorf("mode %v, error %v", about.Mode(), err)
			}
			if !c.refuse && (err != nil || about.Mode().Perm() != 0o755) {
				t.Errorf("mode %v, error %v", about.Mode(), err)
			}
		})
	}
}

func TestAFileOfAVolumeIsOpenedToNobodyElse(t *testing.T) {
	cases := []struct {
		name, command string
		files         map[string]string
		mode, want    os.FileMode
	}{
		{name: "secret", command: "/data/key", mode: 0o600, want: 0o700},
		{name: "of a group", command: "/data/key", mode: 0o640, want: 0o750},
		{name: "for everyone", command: "/data/key", mode: 0o644, want: 0o755},
		{name: "set-id", command: "/data/key", mode: 0o644 | os.ModeSetuid | os.ModeSetgid, want: 0o755},
		{name: "by a link from elsewhere", command: "/tmp/run", files: map[string]string{"tmp/run": "->/data/key"}, mode: 0o600, want: 0o700},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			root := testRoot(t, c.files)
			file := filepath.Join(root, "data/key")
			if err := errors.Join(os.Mkdir(filepath.Dir(file), 0o755), os.WriteFile(file, nil, 0o600), os.Chmod(file, c.mode)); err != nil {
				t.Fatal(err)
			}
			if _, err := findTaskCommand(root, c.command, []string{"/data/"}); err != nil {
				t.Fatal(err)
			}
			if about, err := os.Stat(file); err != nil || about.Mode() != c.want {
				t.Errorf("mode %v, %v", about.Mode(), err)
			}
		})
	}
}

func TestExecCommandIsSearchedInPath(t *testing.T) {
	root := testRoot(t, map[string]string{"a/tool": "x", "b/tool": "x", "b/text": "", "b/sub/": "", "work/here": "x"})
	in := func(name string) string { return filepath.Join(root, name) }
	searchPath := in("none") + ":" + in("a") + ":" + in("b")
	cases := []struct{ name, command, found, message string }{
		{name: "first of the path", command: "tool", found: in("a/tool")},
		{name: "not executable", command: "text", message: `"text": executable file not found in $PATH`},
		{name: "directory", command: "sub", message: `"sub": executable file not found in $PATH`},
		{name: "absolute", command: in("b/tool"), found: in("b/tool")},
		{name: "relative to the work dir", command: "./here", found: in("work/here")},
		{name: "absolute and missing", command: "/no/such", message: `"/no/such": no such file or directory`},
		{name: "absolute directory", command: in("b"), message: "is a directory"},
		{name: "absolute and not executable", command: in("b/text"), message: "permission denied"},
		{name: "empty", command: "", message: "the command is empty"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			found, err := findExecCommand(c.command, searchPath, in("work"))
			if c.message != "" {
				if err == nil || !strings.Contains(err.Error(), c.message) {
					t.Errorf("found %q, error %v, want %q", found, err, c.message)
				}
				return
			}
			if err != nil || found != c.found {
				t.Errorf("found %q, error %v", found, err)
			}
		})
	}
}

func TestTaskDirectoriesBelongToNobody(t *testing.T) {
	needRoot(t)
	root := testRoot(t, map[string]string{"alloc/": "", "local/": "", "secrets/": "", "tmp/": "", "alloc/data/": ""})
	if err := os.Chown(filepath.Join(root, "local"), 1234, 56); err != nil {
		t.Fatal(err)
	}
	withoutCapability(t, "CAP_FOWNER", func() {
		if err := prepareTaskDirectories(root); err != nil {
			t.Error(err)
		}
	})
	nobody := [2]uint32{65534, 65534}
	want := map[string][2]uint32{
		"alloc": nobody, "alloc/logs": nobody, "alloc/tmp": nobody, "secrets": nobody, "tmp": nobody,
		// One is what the task has made of it, the other may be a volume of the node.
		"local": {1234, 56}, "alloc/data": {0, 0},
	}
	for name, owner := range want {
		about, err := os.Stat(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		found := about.Sys().(*syscall.Stat_t)
		if found.Uid != owner[0] || found.Gid != owner[1] {
			t.Errorf("%s belongs to %d:%d, want %d:%d", name, found.Uid, found.Gid, owner[0], owner[1])
		}
	}
}

func TestTaskDirectoriesGetTheirModes(t *testing.T) {
	root := testRoot(t, map[string]string{"alloc/": "", "local/": "", "tmp/": "", "elsewhere/": "", "alloc/logs": "->/elsewhere"})
	if err := prepareTaskDirectories(root); err != nil {
		t.Errorf("a link that a task has put among them fails the next start: %v", err)
	}
	if err := os.Remove(filepath.Join(root, "alloc/logs")); err != nil {
		t.Fatal(err)
	}
	if err := prepareTaskDirectories(root); err != nil {
		t.Fatal(err)
	}
	want := map[string]os.FileMode{
		"alloc": 0o777, "alloc/data": 0o777, "alloc/logs": 0o777, "alloc/tmp": 0o777, "local": 0o777, "elsewhere": 0o755,
		"tmp": 0o777 | os.ModeSticky,
	}
	for name, mode := range want {
		about, err := os.Stat(filepath.Join(root, name))
		if err != nil || about.Mode()&^os.ModeDir != mode {
			t.Errorf("%s: mode %v, %v", name, about.Mode(), err)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "secrets")); !os.IsNotExist(err) {
		t.Errorf("a directory that the pod does not have was made: %v", err)
	}
}
