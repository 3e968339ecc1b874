package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInstallFillsAVolumeAnyNumberOfTimes(t *testing.T) {
	directory := t.TempDir()
	if err := os.Mkdir(filepath.Join(directory, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if output, err := launcher(t, t.TempDir(), "install", directory).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	}
	want := map[string]os.FileMode{
		"launcher": 0o755, "task.json": 0o400, "state": os.ModeDir | 0o755, "group": os.ModeDir | 0o755,
		"nodes": os.ModeDir | 0o755, "credentials": os.ModeDir | 0o755, "payload": os.ModeDir | 0o755,
	}
	entries, err := os.ReadDir(directory)
	if err != nil || len(entries) != len(want) {
		t.Errorf("%v, %v", entries, err)
	}
	for name, mode := range want {
		about, err := os.Lstat(filepath.Join(directory, name))
		if err != nil || about.Mode() != mode {
			t.Errorf("%s: %v, %v", name, about, err)
		}
	}
	own, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	installed, err := os.ReadFile(filepath.Join(directory, "launcher"))
	if err != nil || !bytes.Equal(installed, own) {
		t.Errorf("the program is %d bytes, not %d: %v", len(installed), len(own), err)
	}
	document, err := os.ReadFile(filepath.Join(directory, "task.json"))
	if err != nil || len(document) != 0 {
		t.Errorf("the document's mount point holds %q: %v", document, err)
	}
}

func TestInstallRefusesWhatIsNoVolume(t *testing.T) {
	taken := testRoot(t, map[string]string{"state": "->/etc", "file": ""})
	cases := []struct{ name, directory, message string }{
		{name: "missing", directory: filepath.Join(taken, "none"), message: "the volume must be mounted at"},
		{name: "a file", directory: filepath.Join(taken, "file"), message: "is not a directory"},
		{name: "a link where a directory belongs", directory: taken, message: "is there and is not a directory"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := installInto(c.directory); err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("%v", err)
			}
		})
	}
	for _, arguments := range [][]string{{"install"}, {"install", "relative"}, {"install", "/a", "/b"}, {"copy", "x"}, {"probe", "x"}} {
		if code := dispatch(arguments, placesIn(t.TempDir())); code != exitUsage {
			t.Errorf("%v ends with %d", arguments, code)
		}
	}
}
