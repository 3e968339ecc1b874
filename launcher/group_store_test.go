package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func memberOf(t *testing.T, directory, task string, lifecycle taskLifecycle) *groupMember {
	t.Helper()
	document := validDocument()
	document.Task, document.Lifecycle = task, lifecycle
	member, err := joinGroup(layout{stateDirectory: filepath.Join(directory, "state")}, document)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { member.lock.Close() })
	return member
}

func groupPlace(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	if err := os.Mkdir(filepath.Join(directory, "group"), 0o777); err != nil {
		t.Fatal(err)
	}
	return directory
}

func TestGroupStateIsForRootAloneAndKeepsAnyName(t *testing.T) {
	for _, task := range []string{"web", "..", ".", "a b\n*", "ünï", strings.Repeat("x", 5000)} {
		directory := groupPlace(t)
		member := memberOf(t, directory, task, lifecycleOf(hookMain, false, "", task, "other"))
		member.tell(groupStarted, "")
		other := memberOf(t, directory, "other", lifecycleOf(hookPoststart, false, "", task, "other"))
		if got := other.read(task); got != groupStarted {
			t.Errorf("%.20q is %q to the others", task, got)
		}
		if !other.lives(task) || other.lives("nobody") {
			t.Errorf("%.20q lives: %v, nobody: %v", task, other.lives(task), other.lives("nobody"))
		}
		if about, err := os.Stat(filepath.Join(directory, "group")); err != nil || about.Mode().Perm() != 0o700 {
			t.Errorf("mode %v, %v", about.Mode(), err)
		}
		for name := range contentsOf(t, filepath.Join(directory, "group")) {
			if len(name) > 40 || strings.ContainsAny(name, "/\n") {
				t.Errorf("file %q", name)
			}
		}
	}
}

// readGroupText is what a launcher makes of a file with this text.
func readGroupText(t *testing.T, text, task string) groupPhase {
	t.Helper()
	member := &groupMember{directory: t.TempDir()}
	if err := os.WriteFile(member.fileOf(task, ".json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return member.read(task)
}

func TestGroupRecordsThatAreNone(t *testing.T) {
	const sound = `{"version":1,"task":"web","phase":"dead","reason":"stopped"}`
	cases := map[string]string{
		"empty": ``, "not JSON": `{`, "list": `[]`, "other version": strings.Replace(sound, "1", "2", 1),
		"other task": strings.Replace(sound, "web", "WEB", 1), "unknown phase": strings.Replace(sound, "dead", "zombie", 1),
		"unknown field": strings.Replace(sound, `"version"`, `"more":1,"version"`, 1), "text behind it": sound + "x", "two": sound + sound,
		"no phase": `{"version":1,"task":"web"}`,
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			if got := readGroupText(t, text, "web"); got != groupUnknown {
				t.Errorf("read as %q", got)
			}
		})
	}
	if got := readGroupText(t, sound, "web"); got != groupDead {
		t.Errorf("a sound record is read as %q", got)
	}
}

func TestGroupRecordThatIsNoFile(t *testing.T) {
	const sound = `{"version":1,"task":"web","phase":"dead","reason":""}`
	cases := map[string]func(path string) error{
		"link": func(path string) error {
			if err := os.WriteFile(path+".real", []byte(sound), 0o600); err != nil {
				return err
			}
			return os.Symlink(path+".real", path)
		},
		"fifo":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"too long": func(path string) error {
			return os.WriteFile(path, []byte(sound+strings.Repeat(" ", maxGroupRecordBytes)), 0o600)
		},
	}
	for name, put := range cases {
		t.Run(name, func(t *testing.T) {
			member := memberOf(t, groupPlace(t), "self", lifecycleOf(hookPoststop, false, "", "web"))
			if err := put(member.fileOf("web", ".json")); err != nil {
				t.Fatal(err)
			}
			if got := member.read("web"); got != groupUnknown {
				t.Errorf("read as %q", got)
			}
		})
	}
}

func TestGroupWatch(t *testing.T) {
	directory := groupPlace(t)
	member := memberOf(t, directory, "web", lifecycleOf(hookMain, false, "", "web"))
	for name, watched := range map[string]string{"by inotify": member.directory, "by looking": filepath.Join(directory, "no-such")} {
		t.Run(name, func(t *testing.T) {
			changed := make(chan struct{}, 1)
			watchGroup(watched, changed)
			member.phase = groupUnknown
			member.tell(groupStarted, "")
			select {
			case <-changed:
			case <-time.After(patience):
				t.Fatal("nothing is noticed")
			}
		})
	}
}

func FuzzGroupRecord(f *testing.F) {
	f.Add([]byte(`{"version":1,"task":"web","phase":"dead","reason":"stopped"}`), "web")
	f.Add([]byte(`{"version":1,"task":"\ud800","phase":"started","reason":""}`), "\ufffd")
	f.Add([]byte(`{"Version":1,"TASK":"web","phase":"dead"}`), "web")
	f.Fuzz(func(t *testing.T, text []byte, task string) {
		phase := readGroupText(t, string(text), task)
		switch phase {
		case groupUnknown, groupWaiting, groupStarted, groupStopped, groupDead:
		default:
			t.Errorf("phase %q", phase)
		}
		if phase != groupUnknown && !strings.Contains(string(text), string(phase)) && !strings.Contains(string(text), `\u`) {
			t.Errorf("phase %q out of %q", phase, text)
		}
	})
}
