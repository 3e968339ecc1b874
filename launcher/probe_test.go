package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nomad-bridge/nomad-bridge/launcher/records"
)

func writeRequest(t *testing.T, paths ...string) string {
	t.Helper()
	text, err := json.Marshal(probeRequest{Version: probeVersion, Paths: paths})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), probeRequestName)
	if err := os.WriteFile(file, text, 0o400); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestProbeSaysWhatIsAtAPath(t *testing.T) {
	root := testRoot(t, map[string]string{
		"usr/lib/": "", "etc/passwd": "", "lib": "->/usr/lib", "sbin": "->usr/lib", "loop": "->loop", "dangling": "->/none",
		"outward": "->../../../../../../../../../../../../../proc", "deep": "->/lib",
	})
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		path string
		kind byte
	}{
		{path: "/", kind: 'd'}, {path: "/usr", kind: 'd'}, {path: "/usr/lib", kind: 'd'}, {path: "/etc/passwd", kind: 'f'},
		{path: "/lib", kind: 'd'}, {path: "/sbin", kind: 'd'}, {path: "/deep", kind: 'd'}, {path: "/none", kind: '-'},
		{path: "/etc/passwd/below", kind: '-'}, {path: "/loop", kind: '-'}, {path: "/dangling", kind: '-'},
		{path: "/outward", kind: '-'}, {path: "/pipe", kind: 'x'},
	}
	var paths []string
	var want strings.Builder
	for _, c := range cases {
		paths = append(paths, c.path)
		want.WriteByte(c.kind)
	}
	report, err := probeNode(writeRequest(t, paths...), root)
	if err != nil || report.Kinds != want.String() {
		t.Errorf("%v: kinds %q, want %q, error %v", paths, report.Kinds, want.String(), err)
	}
}

func TestProbeNamesTheSystemOfTheNode(t *testing.T) {
	cases := []struct {
		name, path, text string
		want             probeOS
	}{
		{name: "plain", path: "etc/os-release", text: "NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"12\"\n", want: probeOS{Name: "debian", Version: "12"}},
		{name: "in usr", path: "usr/lib/os-release", text: "ID='talos'\nVERSION_ID=v1.2.3-rc.1", want: probeOS{Name: "talos", Version: "v1.2.3-rc.1"}},
		{name: "without a version", path: "etc/os-release", text: "ID=arch\n", want: probeOS{Name: "arch"}},
		{name: "other characters", path: "etc/os-release", text: "ID=$(id)\nVERSION_ID=\"1 2\"\n"},
		{name: "too long", path: "etc/os-release", text: "ID=" + strings.Repeat("x", maxOSText+1)},
		{name: "none", path: "etc/other", text: "ID=x"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			root := testRoot(t, map[string]string{c.path: ""})
			if err := os.WriteFile(filepath.Join(root, c.path), []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
			if got := osBelow(root); got != c.want {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestProbeRequestsThatAreRefused(t *testing.T) {
	many, err := json.Marshal(probeRequest{Version: 1, Paths: make([]string, maxProbePaths+1)})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct{ name, text, message string }{
		{name: "empty", text: "", message: "object"},
		{name: "null", text: "null", message: "null"},
		{name: "no version", text: `{"paths":[]}`, message: `no "version"`},
		{name: "another version", text: `{"version":2,"paths":[]}`, message: "version 2"},
		{name: "a name in another case", text: `{"Version":1,"paths":[]}`, message: `no "version"`},
		{name: "unknown field", text: `{"version":1,"paths":[],"x":1}`, message: "unknown field"},
		{name: "null path", text: `{"version":1,"paths":[null]}`, message: "null"},
		{name: "number", text: `{"version":1,"paths":[1]}`, message: "shape"},
		{name: "relative", text: `{"version":1,"paths":["etc"]}`, message: `"etc" must be absolute`},
		{name: "dots", text: `{"version":1,"paths":["/a/../b"]}`, message: "must be absolute"},
		{name: "NUL", text: `{"version":1,"paths":["/a\u0000"]}`, message: "must be absolute"},
		{name: "trailing", text: `{"version":1,"paths":[]}{}`, message: "object"},
		{name: "too many", text: string(many), message: "1025 entries"},
		{name: "too long", text: strings.Repeat(" ", maxProbeBytes+1), message: "longer than"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if request, err := parseProbeRequest([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("%+v, %v", request, err)
			}
		})
	}
}

func TestTheLargestProbeFitsATerminationMessage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "termination-log")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	largest := probeReport{
		Version: probeVersion, Kinds: strings.Repeat("d", maxProbePaths),
		OS: probeOS{Name: strings.Repeat("x", maxOSText), Version: strings.Repeat("x", maxOSText)},
	}
	if err := records.LeaveShortMessage(path, largest); err != nil {
		t.Error(err)
	}
}

func TestProbeWithoutTheNodeFails(t *testing.T) {
	if report, err := probeNode(writeRequest(t, "/bin"), "/no/such"); err == nil || !strings.Contains(err.Error(), "is not mounted at /no/such") {
		t.Errorf("%+v, %v", report, err)
	}
}

func FuzzProbeRequest(f *testing.F) {
	f.Add([]byte(`{"version":1,"paths":["/bin","/lib32"]}`))
	f.Add([]byte(`{"version":1,"paths":[],"paths":["x"]}`))
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		request, err := parseProbeRequest(text)
		if err != nil {
			return
		}
		for _, path := range request.Paths {
			if kind := kindAt(root, path); kind != kindDirectory && kind != kindAbsent {
				t.Errorf("%q leads out of an empty directory: %c", path, kind)
			}
		}
	})
}

func FuzzOSRelease(f *testing.F) {
	f.Add("ID=debian\nVERSION_ID=\"12\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		system := parseOSRelease(text)
		if len(system.Name) > maxOSText || strings.ContainsAny(system.Name+system.Version, "\" \n\\<") {
			t.Errorf("%+v", system)
		}
	})
}
