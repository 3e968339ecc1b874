package records

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"
)

func halved(message note) (note, bool) {
	if message.Name == "" {
		return message, false
	}
	message.Name = CutText(message.Name, len(message.Name)/2)
	return message, true
}

func TestAMessageIsShortenedUntilItFits(t *testing.T) {
	for name, one := range map[string]struct{ text, beginning string }{
		"short":     {"a<b>&", "a<b>&"},
		"long":      {strings.Repeat("é", 5000), strings.Repeat("é", 1000)},
		"escaped":   {strings.Repeat("\x01\"", 5000), strings.Repeat("\x01\"", 200)},
		"no UTF-8":  {strings.Repeat("\x80", 9000), ""},
		"many bits": {strings.Repeat("😀", 2000), "😀😀"},
	} {
		path := filepath.Join(t.TempDir(), "log")
		put(t, path, "what the last one left")
		if err := LeaveMessage(path, note{Name: one.text, Count: 7}, halved); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		written, err := os.ReadFile(path)
		if err != nil || len(written) > MaxMessageBytes {
			t.Errorf("%s: %d bytes, %v", name, len(written), err)
		}
		left, ok := Parse[note](written)
		if !ok || left.Count != 7 || !strings.HasPrefix(left.Name, one.beginning) || !strings.HasPrefix(strings.ToValidUTF8(one.text, "\ufffd"), left.Name) {
			t.Errorf("%s: %.20q, %v", name, left.Name, ok)
		}
	}
}

func TestAMessageThatCannotFitIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	put(t, path, "before")
	for name, err := range map[string]error{
		"with nothing more to leave out": LeaveMessage(path, strings.Repeat("x", MaxMessageBytes), func(text string) (string, bool) { return text, false }),
		"that was to be short":           LeaveShortMessage(path, strings.Repeat("x", MaxMessageBytes)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "before" {
		t.Errorf("the file has %q, %v", text, err)
	}
}

func TestAMessageGoesIntoTheKubeletsFileAlone(t *testing.T) {
	folder := t.TempDir()
	victim := filepath.Join(folder, "victim")
	put(t, victim, "untouched")
	for name, prepare := range map[string]func(path string) error{
		"none": func(string) error { return nil },
		"link": func(path string) error { return os.Symlink(victim, path) },
		"fifo": func(path string) error { return syscall.Mkfifo(path, 0o600) },
	} {
		path := filepath.Join(folder, name)
		if err := prepare(path); err != nil {
			t.Fatal(err)
		}
		if err := LeaveShortMessage(path, note{}); err == nil {
			t.Errorf("%s: it was written to", name)
		}
	}
	if text, err := os.ReadFile(victim); err != nil || string(text) != "untouched" {
		t.Errorf("the other file has %q, %v", text, err)
	}
}

func FuzzCutText(f *testing.F) {
	f.Add("aé€😀", 3)
	f.Add("\x80\x80\x80", 2)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = max(0, min(limit, 1<<20))
		cut := CutText(text, limit)
		if len(cut) > limit || !strings.HasPrefix(text, cut) {
			t.Fatalf("%q cut at %d is %q", text, limit, cut)
		}
		if utf8.ValidString(text) && (!utf8.ValidString(cut) || len(text) > limit && len(cut) < limit-3) {
			t.Fatalf("%q cut at %d is %q", text, limit, cut)
		}
	})
}
