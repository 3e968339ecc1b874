package main

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// watchOf renders and then watches; the test ends when the watching has.
func watchOf(t *testing.T, made *templates) <-chan templateChange {
	t.Helper()
	if _, err := made.render(testValues()); err != nil {
		t.Fatal(err)
	}
	changed := make(chan templateChange)
	t.Cleanup(made.watch(testValues(), changed))
	return changed
}

// watchedSource: local/a of the task is rendered from local/tpl, which says "one".
func watchedSource(t *testing.T) (root string, changed <-chan templateChange) {
	t.Helper()
	root = taskRoot(t)
	writeAt(t, filepath.Join(root, "local/tpl"), "one")
	of := templateOf("", "local/a")
	of.Source = "local/tpl"
	return root, watchOf(t, templatesIn(t, root, of))
}

func nextChange(t *testing.T, changed <-chan templateChange) templateChange {
	t.Helper()
	select {
	case change := <-changed:
		return change
	case <-time.After(patience):
		t.Fatal("no change arrives")
	}
	return templateChange{}
}

func nothingChanges(t *testing.T, changed <-chan templateChange) {
	t.Helper()
	select {
	case change := <-changed:
		t.Errorf("a change arrives: %+v", change)
	case <-time.After(150 * time.Millisecond):
	}
}

func withMode(of documentTemplate, mode, signal string) documentTemplate {
	of.ChangeMode, of.ChangeSignal = mode, signal
	return of
}

// replaceAt is how well-behaved programs write a file that others read.
func replaceAt(t *testing.T, path, content string) {
	t.Helper()
	writeAt(t, path+".new", content)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestAChangedFileChangesTheTaskAsItsModeSays(t *testing.T) {
	for _, test := range []struct {
		mode, signal string
		want         templateChange
	}{
		{changeModeRestart, "", templateChange{mode: changeModeRestart}},
		{changeModeSignal, "SIGHUP", templateChange{mode: changeModeSignal, signal: syscall.SIGHUP}},
	} {
		root := taskRoot(t)
		writeAt(t, filepath.Join(root, "alloc/config"), "one")
		of := withMode(templateOf(`A={{ file "alloc/config" }}`, "local/a"), test.mode, test.signal)
		of.Env = true
		made := templatesIn(t, root, of)
		changed := watchOf(t, made)
		replaceAt(t, filepath.Join(root, "alloc/config"), "two")
		if change := nextChange(t, changed); change != test.want {
			t.Errorf("the change is %+v", change)
		}
		if readAt(t, filepath.Join(root, "local/a")) != "A=two" || made.environment()["A"] != "two" {
			t.Error("the change arrives before its text")
		}
		nothingChanges(t, changed)
	}
}

func TestASourceIsWatchedToo(t *testing.T) {
	root, changed := watchedSource(t)
	replaceAt(t, filepath.Join(root, "local/tpl"), `{{ env "GREETING" }}`)
	nextChange(t, changed)
	if text := readAt(t, filepath.Join(root, "local/a")); text != "hello" {
		t.Errorf("the text is %q", text)
	}
}

func TestWhatChangesNothingIsNotAChange(t *testing.T) {
	root := taskRoot(t)
	config := filepath.Join(root, "alloc/config")
	writeAt(t, config, "one")
	changed := watchOf(t, templatesIn(t, root, templateOf(`{{ file "alloc/config" | trimSpace }}`, "local/a")))
	replaceAt(t, config, "one\n")
	nothingChanges(t, changed)
	if err := os.Remove(config); err != nil {
		t.Fatal(err)
	}
	nothingChanges(t, changed)
	replaceAt(t, config, "one")
	nothingChanges(t, changed)
	replaceAt(t, config, "two")
	nextChange(t, changed)
}

func TestNoopWritesAndSaysNothing(t *testing.T) {
	root := taskRoot(t)
	config := filepath.Join(root, "alloc/config")
	writeAt(t, config, "one")
	changed := watchOf(t, templatesIn(t, root, withMode(templateOf(`{{ file "alloc/config" }}`, "local/a"), changeModeNoop, "")))
	replaceAt(t, config, "two")
	nothingChanges(t, changed)
	if text := readAt(t, filepath.Join(root, "local/a")); text != "two" {
		t.Errorf("the text is %q", text)
	}
}

func TestChangesOfOneRoundAreJoined(t *testing.T) {
	signal := func(name string) *taskTemplate {
		number, _ := signalNamed(name)
		return &taskTemplate{documentTemplate: documentTemplate{ChangeMode: changeModeSignal}, signal: number}
	}
	mode := func(mode string) *taskTemplate {
		return &taskTemplate{documentTemplate: documentTemplate{ChangeMode: mode}}
	}
	hup, usr1 := templateChange{mode: changeModeSignal, signal: syscall.SIGHUP}, templateChange{mode: changeModeSignal, signal: syscall.SIGUSR1}
	for _, test := range []struct {
		anew []*taskTemplate
		want []templateChange
	}{
		{nil, nil},
		{[]*taskTemplate{mode(changeModeNoop)}, nil},
		{[]*taskTemplate{signal("SIGHUP"), signal("HUP"), signal("SIGUSR1"), mode(changeModeNoop)}, []templateChange{hup, usr1}},
		{[]*taskTemplate{signal("SIGHUP"), mode(changeModeRestart), mode(changeModeRestart)}, []templateChange{{mode: changeModeRestart}}},
	} {
		if got := joinChanges(test.anew); !slices.Equal(got, test.want) {
			t.Errorf("joined to %+v; want %+v", got, test.want)
		}
	}
}

func TestTheSplayIsTheLargestOfThoseThatAct(t *testing.T) {
	of := func(mode string, splay int64) *taskTemplate {
		return &taskTemplate{documentTemplate: documentTemplate{ChangeMode: mode, SplayMs: splay}}
	}
	var longest time.Duration
	for range 1000 {
		longest = max(longest, splayOf([]*taskTemplate{of(changeModeRestart, 10), of(changeModeSignal, 100), of(changeModeNoop, 1e9)}))
	}
	if longest <= 50*time.Millisecond || longest >= 100*time.Millisecond {
		t.Errorf("of a thousand the longest is %v", longest)
	}
	if splay := splayOf([]*taskTemplate{of(changeModeRestart, 0)}); splay != 0 {
		t.Errorf("a splay of 0 waits %v", splay)
	}
}

func TestATemplateThatCannotBeRenderedAnyMoreIsToldOnce(t *testing.T) {
	root, changed := watchedSource(t)
	replaceAt(t, filepath.Join(root, "local/tpl"), `{{ nope }}`)
	change := nextChange(t, changed)
	if change.err == nil || !strings.Contains(change.err.Error(), `function "nope" not defined`) {
		t.Errorf("the change is %+v", change)
	}
	if readAt(t, filepath.Join(root, "local/a")) != "one" {
		t.Error("the old text is gone")
	}
	nothingChanges(t, changed)
}

func TestNothingRunsForTemplatesThatCannotChange(t *testing.T) {
	root := taskRoot(t)
	writeAt(t, filepath.Join(root, "alloc/config"), "one")
	once := templateOf(`{{ file "alloc/config" }}`, "local/a")
	once.Once = true
	made := templatesIn(t, root, once, templateOf("fixed {{ env \"GREETING\" }}", "local/b"))
	if _, err := made.render(testValues()); err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	stop := made.watch(testValues(), make(chan templateChange))
	if now := runtime.NumGoroutine(); now > before {
		t.Errorf("%d goroutines became %d", before, now)
	}
	stop()
}

func TestStopEndsTheWatching(t *testing.T) {
	for name, data := range map[string]string{
		"also when nobody listens":          `{{ file "alloc/config" }}`,
		"also while a rendering never ends": `{{ if eq (file "alloc/config") "two" }}{{ range 1000000000000 }}{{ end }}{{ end }}`,
	} {
		t.Run(name, func(t *testing.T) {
			root := taskRoot(t)
			config := filepath.Join(root, "alloc/config")
			writeAt(t, config, "one")
			made := templatesIn(t, root, templateOf(data, "local/a"))
			made.limit.run = time.Hour
			if _, err := made.render(nil); err != nil {
				t.Fatal(err)
			}
			changed := make(chan templateChange)
			stop := made.watch(nil, changed)
			replaceAt(t, config, "two")
			time.Sleep(100 * time.Millisecond)
			stopped := make(chan struct{})
			go func() {
				stop()
				stop()
				close(stopped)
			}()
			select {
			case <-stopped:
			case <-time.After(patience):
				t.Fatal("stop does not return")
			}
			nothingChanges(t, changed)
		})
	}
}
