package records

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

type note struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

const soundNote = `{"name":"web","count":2}`

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyAWholeRecordIsRead(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "no JSON": "{", "another kind": "[]", "a field too many": `{"name":"web","more":1}`, "a wrong type": `{"name":2}`,
		"text behind it": soundNote + "x", "a second one": soundNote + soundNote, "too long": soundNote + strings.Repeat(" ", 100),
		"deep nesting": strings.Repeat("[", 100),
	} {
		path := filepath.Join(t.TempDir(), "note.json")
		put(t, path, text)
		if got, ok := Read[note](path, 100); ok || got != (note{}) {
			t.Errorf("%s is read as %+v", name, got)
		}
	}
	path := filepath.Join(t.TempDir(), "note.json")
	put(t, path, soundNote+strings.Repeat(" ", 100-len(soundNote)))
	if got, ok := Read[note](path, 100); !ok || got != (note{Name: "web", Count: 2}) {
		t.Errorf("a record of exactly the most bytes: %+v, %v", got, ok)
	}
}

func TestOnlyARegularFileIsRead(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"nothing": func(string) error { return nil },
		"link": func(path string) error {
			if err := os.WriteFile(path+".real", []byte(soundNote), 0o600); err != nil {
				return err
			}
			return os.Symlink(path+".real", path)
		},
		"fifo":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"directory": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		path := filepath.Join(t.TempDir(), "note.json")
		if err := put(path); err != nil {
			t.Fatal(err)
		}
		if got, ok := Read[note](path, 100); ok {
			t.Errorf("%s is read as %+v", name, got)
		}
	}
}

func TestARecordIsReplacedWhateverIsThere(t *testing.T) {
	for name, prepare := range map[string]func(path, victim string) error{
		"nothing":                     func(string, string) error { return nil },
		"an older one":                func(path, _ string) error { return os.WriteFile(path, []byte("old"), 0o644) },
		"a link":                      func(path, victim string) error { return os.Symlink(victim, path) },
		"a link where it grows":       func(path, victim string) error { return os.Symlink(victim, path+".new") },
		"a directory where it grows":  func(path, _ string) error { return os.MkdirAll(path+".new/deep", 0o700) },
		"what a crash has left there": func(path, _ string) error { return os.WriteFile(path+".new", []byte("{"), 0o644) },
	} {
		folder := t.TempDir()
		path, victim := filepath.Join(folder, "note.json"), filepath.Join(folder, "victim")
		put(t, victim, "untouched")
		if err := prepare(path, victim); err != nil {
			t.Fatal(err)
		}
		if err := Replace(path, note{Name: "<é>", Count: 3}); err != nil {
			t.Errorf("over %s: %v", name, err)
		}
		if got, ok := Read[note](path, 100); !ok || got != (note{Name: "<é>", Count: 3}) {
			t.Errorf("over %s it is %+v, %v", name, got, ok)
		}
		if text, err := os.ReadFile(victim); err != nil || string(text) != "untouched" {
			t.Errorf("%s: the other file has %q, %v", name, text, err)
		}
		about, err := os.Lstat(path)
		if err != nil || about.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, about, err)
		}
		if _, err := os.Lstat(path + ".new"); !os.IsNotExist(err) {
			t.Errorf("%s: something is left: %v", name, err)
		}
	}
}
