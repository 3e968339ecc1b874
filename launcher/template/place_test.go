package template

import (
	"path"
	"slices"
	"strings"
	"testing"
)

func FuzzFindPlace(f *testing.F) {
	for _, seed := range []string{
		"local/x", "../alloc/x", "/../x", "local/../../alloc/../x", "..//..", "secrets/./..x/...", "../web/../alloc/x", "", "tmp/a\x00", "alloc/..",
	} {
		f.Add(seed, "web")
	}
	f.Fuzz(func(t *testing.T, text, task string) {
		place, err := FindPlace("template destination", task, text)
		if err != nil {
			return
		}
		if !slices.Contains([]string{"local", "secrets", "alloc", "tmp"}, place.Directory) {
			t.Errorf("%q leads to %q", text, place.Directory)
		}
		for _, part := range strings.Split(place.Below, "/") {
			if part == "" || part == "." || part == ".." || strings.IndexByte(part, 0) >= 0 {
				t.Errorf("%q leads to %q, which is not clean", text, place.Below)
			}
		}
		if again, err := FindPlace("x", task, place.String()); err != nil || again != place {
			t.Errorf("%q leads to %v, and that to %v, %v", text, place, again, err)
		}
		// Where nothing steps above the task's directory, the rules are those of every path.
		clean := path.Clean("/" + text)
		if !strings.Contains(text, "..") && clean != place.String() {
			t.Errorf("%q leads to %v, not to %s", text, place, clean)
		}
	})
}

func FuzzRender(f *testing.F) {
	for _, seed := range []string{
		`{{ env "GREETING" | toUpper }}`, `{{ range $i, $v := loop 3 }}{{ $i }}{{ break }}{{ end }}`, `{{ define "a" }}{{ template "a" }}{{ end }}`,
		`{{ scratch.MapSet "a" "b" (scratch.Get "a") }}{{ scratch.Get "a" }}`, `{{ with parseJSON "{}" }}{{ .a.b.c }}{{ end }}`,
		`{{ sprig_dict "a" 1 | toJSON | printf "%d%[3]*.[2]*[1]f" }}`, `{{ slice "abc" 1 9 }}{{ index nil 0 }}{{ len nil }}{{ call nil }}`,
		`{{ sprig_substr 5 2 "abc" }}{{ sprig_trunc -9 "a" }}{{ sprig_first nil }}{{ in nil nil }}{{ divide 0 1.5 }}`,
		`{{ range 9 }}{{ continue }}{{ else }}{{ end }}{{/* x */}}{{- "a" -}}`, `{{ executeTemplate "" }}`, `{{ toTitle "a'b" | indent 3 }}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rendered, err := Render(dynamic(text), hurried(1000))
		if err == nil && len(rendered) > MaxBytes {
			t.Errorf("%d bytes", len(rendered))
		}
		if err != nil && !strings.HasPrefix(err.Error(), "Template failed: ") {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestPathsLeadWhereNomadsRulesSay(t *testing.T) {
	for path, want := range map[string]string{
		"local/x": "/local/x", "/secrets/a/./b": "/secrets/a/b", "../alloc/x": "/alloc/x", "../web/tmp/x": "/tmp/x",
		"local/../../alloc/data/x": "/alloc/data/x",
	} {
		if place, err := FindPlace("x", "web", path); err != nil || place.String() != want {
			t.Errorf("%q leads to %v, %v; want %s", path, place, err, want)
		}
	}
	for path, want := range map[string]string{
		"../local/x": "another task's directory", "../api/local/x": "another task's directory", "../../x": "x path escapes alloc directory",
		"..": "x path escapes alloc directory", "local/../../../x": "x path escapes alloc directory", "etc/passwd": "read-only", "local": "is a directory",
	} {
		if place, err := FindPlace("x", "web", path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q leads to %v, %v; want %q", path, place, err, want)
		}
	}
}
