package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMarkersOfSomebodyElseCountAsNone(t *testing.T) {
	for _, text := range []string{"", "{", `{"a":1}`, `[1]`, strings.Repeat("[", maxMarkerBytes+1), `["key"] x`, `["key"]["key"]`} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, markersName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if found := readMarkers(folder); len(found.keys) != 0 {
			t.Errorf("%.20q gave %v", text, found.keys)
		}
	}
	folder := t.TempDir()
	if err := os.Symlink("/etc/passwd", filepath.Join(folder, markersName)); err != nil {
		t.Fatal(err)
	}
	if err := readMarkers(folder).add("key"); err != nil || !readMarkers(folder).has("key") {
		t.Errorf("the link was not replaced: %v", err)
	}
}

func TestEqualBlocksHaveKeysOfTheirOwn(t *testing.T) {
	block := artifact{Source: "https://x/y", Options: map[string]string{"a": "1", "b": "2"}}
	first := job{Key: keyOf("web", block, nil)}
	if second := keyOf("web", block, []job{first}); second == first.Key || second == keyOf("other", block, nil) {
		t.Error("two blocks share a key")
	}
	if keyOf("web", block, nil) != first.Key {
		t.Error("the key of a block changes")
	}
}
