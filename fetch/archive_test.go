package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// packed makes archives with tar and gzip, which every machine has.
func packed(t *testing.T, command string) string {
	t.Helper()
	folder := t.TempDir()
	script := `set -e
mkdir -p in/bin in/empty && printf run > in/bin/run && chmod 755 in/bin/run && printf hello > in/text && ln -s bin/run in/link && ln -s ../text in/bin/up
cd in; ` + command
	made := exec.Command("sh", "-c", script)
	made.Dir = folder
	if output, err := made.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", command, err, output)
	}
	content, err := os.ReadFile(filepath.Join(folder, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// kept is an archive that a real tool has made: see testdata/archives/README.md.
func kept(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "archives", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestArchivesOfRealToolsAreUnpacked(t *testing.T) {
	want := map[string]string{"bin/run": "run", "text": "hello", "link": "-> bin/run", "bin/up": "-> ../text"}
	for _, extension := range []string{"tar", "tar.gz", "tgz", "tar.bz2", "tbz2", "tar.xz", "txz", "tar.zst", "tzst", "zip"} {
		t.Run(extension, func(t *testing.T) {
			server := serve(t, map[string]string{"/dir/a." + extension: kept(t, "a."+extension)})
			bench := newBench(t)
			if err := bench.fetch(artifact{Source: server.URL + "/dir/a." + extension, Destination: "local/app"}); err != nil {
				t.Fatal(err)
			}
			files := map[string]string{}
			for name, content := range want {
				files["local/app/"+name] = content
			}
			bench.wantFiles(files)
			if mode := modeOf(t, filepath.Join(bench.base, "local/app/bin/run")).Perm(); mode != 0o755 {
				t.Errorf("bin/run has the mode %o", mode)
			}
			if !modeOf(t, filepath.Join(bench.base, "local/app/empty")).IsDir() {
				t.Error("the empty directory is missing")
			}
		})
	}
}

func TestSingleFilesAreDecompressed(t *testing.T) {
	for _, extension := range []string{"gz", "bz2", "xz", "zst"} {
		content := kept(t, "text."+extension)
		server := serve(t, map[string]string{"/text." + extension: content})
		cases := []struct {
			name  string
			block artifact
			path  string
			want  string
		}{
			{"any", artifact{}, "local/text", "hello"},
			{"file", artifact{Mode: modeFile, Destination: "local/out"}, "local/out", "hello"},
			{"archive=false", artifact{Options: map[string]string{"archive": "false"}}, "local/text." + extension, content},
		}
		for _, each := range cases {
			t.Run(extension+" "+each.name, func(t *testing.T) {
				bench := newBench(t)
				each.block.Source = server.URL + "/text." + extension
				if err := bench.fetch(each.block); err != nil {
					t.Fatal(err)
				}
				bench.wantFiles(map[string]string{each.path: each.want})
			})
		}
	}
}

func TestModesAndPartsOfArchives(t *testing.T) {
	all := packed(t, "tar -czf ../out .")
	one := packed(t, "tar -czf ../out bin/run")
	server := serve(t, map[string]string{"/a.tgz": all, "/one.tgz": one, "/noname": all, "/plain": "x"})
	cases := []struct {
		name    string
		block   artifact
		want    map[string]string
		refusal string
	}{
		{"archive named by the option", artifact{Source: "/noname", Options: map[string]string{"archive": "tar.gz"}, Mode: modeDir},
			map[string]string{"local/bin/run": "run", "local/text": "hello", "local/link": "-> bin/run", "local/bin/up": "-> ../text"}, ""},
		{"mode file of one", artifact{Source: "/one.tgz", Mode: modeFile, Destination: "local/tool", Executable: true}, map[string]string{"local/tool": "run"}, ""},
		{"mode file of several", artifact{Source: "/a.tgz", Mode: modeFile, Destination: "local/tool"}, nil, "expected a single file"},
		{"mode dir of a file", artifact{Source: "/plain", Mode: modeDir}, nil, "a single file"},
		{"a part", artifact{Source: "/a.tgz//empty"}, nil, ""},
		{"a part whose link leads out of it", artifact{Source: "/a.tgz//bin"}, nil, "leads out"},
		{"a file of it", artifact{Source: "/a.tgz//text"}, map[string]string{"local/text": "hello"}, ""},
		{"a file of it in mode file", artifact{Source: "/a.tgz//bin/run", Mode: modeFile, Destination: "local/x"}, map[string]string{"local/x": "run"}, ""},
		{"a part by pattern", artifact{Source: "/a.tgz//te*"}, map[string]string{"local/text": "hello"}, ""},
		{"a pattern of several", artifact{Source: "/a.tgz//*"}, nil, "matches 4 entries"},
		{"a part that is not there", artifact{Source: "/a.tgz//none"}, nil, "matches 0 entries"},
		{"a part that leads out", artifact{Source: "/a.tgz//../x"}, nil, "leads out"},
		{"a part that is a link", artifact{Source: "/a.tgz//link"}, nil, "is a link"},
		{"a part of a file", artifact{Source: "/plain//x"}, nil, "single file"},
		{"another archive option", artifact{Source: "/plain", Options: map[string]string{"archive": "rar"}}, nil, `archive option is "rar"`},
		{"not an archive", artifact{Source: "/plain", Options: map[string]string{"archive": "zip"}}, nil, "cannot be unpacked"},
		{"not a gzip", artifact{Source: "/plain", Options: map[string]string{"archive": "tgz"}}, nil, "cannot be unpacked"},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			bench := newBench(t)
			each.block.Source = server.URL + each.block.Source
			err := bench.fetch(each.block)
			if each.refusal != "" {
				bench.wantRefused(err, each.refusal)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			bench.wantFiles(each.want)
		})
	}
}

func TestTwoArtifactsShareADirectory(t *testing.T) {
	first := crafted(t, file("bin/a"), file("same"), link("l", "same"))
	second := crafted(t, file("bin/b"), file("same"))
	blocked := crafted(t, file("aa"), file("bin"))
	through := crafted(t, file("l/inside"))
	server := serve(t, map[string]string{"/1.tar": first, "/2.tar": second, "/3.tar": blocked, "/4.tar": through})
	bench := newBench(t)
	for _, path := range []string{"/1.tar", "/2.tar"} {
		if err := bench.fetch(artifact{Source: server.URL + path}); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{"local/bin/a": "content of bin/a", "local/bin/b": "content of bin/b", "local/same": "content of same", "local/l": "-> same"}
	bench.wantFiles(want)
	for _, path := range []string{"/3.tar", "/4.tar"} {
		if err := bench.fetch(artifact{Source: server.URL + path}); err == nil {
			t.Errorf("%s was merged over something else", path)
		}
	}
	bench.wantFiles(want)
}
