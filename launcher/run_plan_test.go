package main

import (
	"path/filepath"
	"testing"

	"github.com/nomad-bridge/nomad-bridge/launcher/interpolation"
)

// TestARestartFindsItsTemplatesAsTheTaskLeftThem is about the next start in the same launcher, and in the next one.
func TestARestartFindsItsTemplatesAsTheTaskLeftThem(t *testing.T) {
	for name, anew := range map[string]bool{"by default": false, "with render_templates": true} {
		t.Run(name, func(t *testing.T) {
			root := taskRoot(t)
			document := validDocument()
			document.Restart.RenderTemplates = anew
			variables := templateOf("SAID=first\n", "local/app.env")
			variables.Env = true
			document.Templates = []documentTemplate{templateOf("rendered", "local/app.conf"), variables}
			document.Templates[0].UID, document.Templates[1].UID = 0, 0
			planner := startPlanner{places: layout{root: root}, document: document}

			made, extra := mustRender(t, planner)
			if extra["SAID"] != "first" || readAt(t, filepath.Join(root, "local/app.conf")) != "rendered" {
				t.Fatalf("the first start has %v", extra)
			}
			replaceAt(t, filepath.Join(root, "local/app.conf"), "changed by the task")
			replaceAt(t, filepath.Join(root, "local/app.env"), "SAID=second\n")

			same, next := planner, planner
			same.templates, same.prepared, next.prepared = made, true, true
			wantFile, wantNext := "changed by the task", "second"
			if anew {
				wantFile, wantNext = "rendered", "first"
			}
			if _, extra := mustRender(t, same); extra["SAID"] != "first" {
				t.Errorf("a restart has %v", extra)
			}
			if _, extra := mustRender(t, next); extra["SAID"] != wantNext {
				t.Errorf("the next launcher has %v, want %q", extra, wantNext)
			}
			if file := readAt(t, filepath.Join(root, "local/app.conf")); file != wantFile {
				t.Errorf("the file holds %q, want %q", file, wantFile)
			}
		})
	}
}

func mustRender(t *testing.T, planner startPlanner) (*templates, map[string]string) {
	t.Helper()
	made, extra, err := planner.render(interpolation.Values{Env: map[string]string{}})
	if err != nil {
		t.Fatal(err)
	}
	return made, extra
}
