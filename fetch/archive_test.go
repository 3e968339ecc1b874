package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
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

type tarEntryOf = tar.Header

// crafted is a tar that no tool would make.
func crafted(t testing.TB, entries ...tarEntryOf) string {
	t.Helper()
	var text bytes.Buffer
	writer := tar.NewWriter(&text)
	for _, entry := range entries {
		content := []byte{}
		if entry.Typeflag == tar.TypeReg {
			content = []byte("content of " + entry.Name)
		}
		entry.Size = int64(len(content))
		if entry.Mode == 0 {
			entry.Mode = 0o644
		}
		if err := writer.WriteHeader(&entry); err != nil {
			t.Fatal(err)
		}
		if _, err := writer.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func file(name string) tarEntryOf { return tarEntryOf{Typeflag: tar.TypeReg, Name: name} }
func link(name, to string) tarEntryOf {
	return tarEntryOf{Typeflag: tar.TypeSymlink, Name: name, Linkname: to}
}
func hard(name, to string) tarEntryOf {
	return tarEntryOf{Typeflag: tar.TypeLink, Name: name, Linkname: to}
}

func TestHostileTars(t *testing.T) {
	cases := []struct {
		name    string
		entries []tarEntryOf
		refusal string
	}{
		{"traversal", []tarEntryOf{file("../x")}, "leads out"},
		{"traversal inside", []tarEntryOf{file("a/../../x")}, "leads out"},
		{"traversal that comes back", []tarEntryOf{file("a/../x")}, "leads out"},
		{"absolute", []tarEntryOf{file("/etc/x")}, "absolute"},
		{"backslashes", []tarEntryOf{file(`..\x`)}, "backslash"},
		{"no name", []tarEntryOf{file(".")}, "has no name"},
		{"link out", []tarEntryOf{link("x", "../y")}, "leads out"},
		{"absolute link", []tarEntryOf{link("x", "/etc/passwd")}, "leads out"},
		{"link out from below", []tarEntryOf{link("a/b/x", "../../../y")}, "leads out"},
		{"link that goes down and up", []tarEntryOf{link("d", "."), link("x", "d/..")}, "leads out"},
		{"link over a link to above", []tarEntryOf{link("a/d", ".."), link("a/x", "d/..")}, "leads out"},
		{"written through a link", []tarEntryOf{{Typeflag: tar.TypeDir, Name: "d", Mode: 0o755}, link("x", "d"), file("x/y")}, "in the way"},
		{"file replaced by a link", []tarEntryOf{file("x"), link("x", "y")}, "file exists"},
		{"link replaced by a file", []tarEntryOf{file("y"), link("x", "y"), file("x")}, "is there twice"},
		{"directory replaced by a file", []tarEntryOf{file("x/y"), file("x")}, "is there twice"},
		{"file used as a directory", []tarEntryOf{file("x"), file("x/y")}, "in the way"},
		{"hard link out", []tarEntryOf{hard("x", "../../etc/passwd")}, "leads out"},
		{"absolute hard link", []tarEntryOf{hard("x", "/etc/passwd")}, "leads out"},
		{"hard link to a link", []tarEntryOf{file("y"), link("z", "y"), hard("x", "z")}, "which is no file before it"},
		{"hard link to nothing", []tarEntryOf{hard("x", "none")}, "which is no file before it"},
		{"device", []tarEntryOf{{Typeflag: tar.TypeBlock, Name: "x"}}, "is a device"},
		{"character device", []tarEntryOf{{Typeflag: tar.TypeChar, Name: "x"}}, "is a device"},
		{"named pipe", []tarEntryOf{{Typeflag: tar.TypeFifo, Name: "x"}}, "named pipe"},
		{"too deep", []tarEntryOf{file(strings.Repeat("d/", 300) + "x")}, "too long a name"},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			server := serve(t, map[string]string{"/a.tar": crafted(t, append([]tarEntryOf{file("first")}, each.entries...)...)})
			bench := newBench(t)
			bench.wantRefused(bench.fetch(artifact{Source: server.URL + "/a.tar"}), each.refusal)
		})
	}
}

func TestTarsThatAreOddButGood(t *testing.T) {
	setuid := file("su")
	setuid.Mode = 0o6755
	server := serve(t, map[string]string{"/a.tar": crafted(t,
		file("./x"), file("x"), hard("again", "x"), link("deep/er/link", "../../x"), setuid,
		tarEntryOf{Typeflag: tar.TypeDir, Name: "sticky/", Mode: 0o1777}, tarEntryOf{Typeflag: tar.TypeDir, Name: "closed", Mode: 0o500}, file("closed/y"),
	)})
	bench := newBench(t)
	if err := bench.fetch(artifact{Source: server.URL + "/a.tar"}); err != nil {
		t.Fatal(err)
	}
	bench.wantFiles(map[string]string{
		"local/x": "content of x", "local/again": "content of x", "local/deep/er/link": "-> ../../x", "local/su": "content of su", "local/closed/y": "content of closed/y",
	})
	if mode := modeOf(t, filepath.Join(bench.base, "local/su")); mode != 0o755 {
		t.Errorf("su has the mode %s", mode)
	}
	if mode := modeOf(t, filepath.Join(bench.base, "local/sticky")); mode&(fs.ModeSticky|fs.ModeSetgid) != 0 {
		t.Errorf("sticky has the mode %s", mode)
	}
}

func zipOf(t testing.TB, add func(*zip.Writer)) string {
	t.Helper()
	var text bytes.Buffer
	writer := zip.NewWriter(&text)
	add(writer)
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func addZip(t testing.TB, writer *zip.Writer, name string, mode fs.FileMode, content string) {
	t.Helper()
	header := &zip.FileHeader{Name: name, Method: zip.Deflate}
	header.SetMode(mode)
	entry, err := writer.CreateHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(entry, content); err != nil {
		t.Fatal(err)
	}
}

func TestHostileZips(t *testing.T) {
	encrypted := []byte(zipOf(t, func(w *zip.Writer) { addZip(t, w, "x", 0o644, "x") }))
	for _, signature := range []string{"PK\x03\x04", "PK\x01\x02"} {
		offset := map[string]int{"PK\x03\x04": 6, "PK\x01\x02": 8}[signature]
		encrypted[bytes.Index(encrypted, []byte(signature))+offset] |= 1
	}
	lying := []byte(zipOf(t, func(w *zip.Writer) { addZip(t, w, "x", 0o644, strings.Repeat("x", 5000)) }))
	binary.LittleEndian.PutUint32(lying[bytes.LastIndex(lying, []byte("PK\x01\x02"))+24:], 10)
	cases := []struct{ name, content, refusal string }{
		{"traversal", zipOf(t, func(w *zip.Writer) { addZip(t, w, "../x", 0o644, "x") }), "leads out"},
		{"absolute", zipOf(t, func(w *zip.Writer) { addZip(t, w, "/x", 0o644, "x") }), "absolute"},
		{"backslash", zipOf(t, func(w *zip.Writer) { addZip(t, w, `..\x`, 0o644, "x") }), "backslash"},
		{"link out", zipOf(t, func(w *zip.Writer) { addZip(t, w, "x", fs.ModeSymlink|0o777, "../../etc") }), "leads out"},
		{"written through a link", zipOf(t, func(w *zip.Writer) {
			addZip(t, w, "d/", fs.ModeDir|0o755, "")
			addZip(t, w, "x", fs.ModeSymlink|0o777, "d")
			addZip(t, w, "x/y", 0o644, "x")
		}), "in the way"},
		{"device", zipOf(t, func(w *zip.Writer) { addZip(t, w, "x", fs.ModeDevice|0o644, "") }), "is a device"},
		{"encrypted", string(encrypted), "is encrypted"},
		{"size that is a lie", string(lying), "cannot be unpacked"},
		{"cut off", zipOf(t, func(w *zip.Writer) { addZip(t, w, "x", 0o644, "x") })[:40], "cannot be unpacked"},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			server := serve(t, map[string]string{"/a.zip": each.content})
			bench := newBench(t)
			bench.wantRefused(bench.fetch(artifact{Source: server.URL + "/a.zip"}), each.refusal)
		})
	}
}

func TestLimitsOfUnpackingAtTheirBoundary(t *testing.T) {
	tarOf := func(sizes ...int) string {
		var text bytes.Buffer
		writer := tar.NewWriter(&text)
		for index, size := range sizes {
			_ = writer.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprint(index), Mode: 0o644, Size: int64(size)})
			_, _ = writer.Write(make([]byte, size))
		}
		_ = writer.Close()
		return text.String()
	}
	gz := func(text string) string {
		var packed bytes.Buffer
		writer := gzip.NewWriter(&packed)
		_, _ = io.WriteString(writer, text)
		_ = writer.Close()
		return packed.String()
	}
	three := tarOf(1, 1, 1)
	twice := gz(tarOf(400_000, 600_000))
	cases := []struct {
		name, path, content string
		limits              fetchLimits
		refusal             string
	}{
		{"files exactly", "/a.tar", three, fetchLimits{MaxBytes: 1 << 20, MaxFiles: 3, MaxRatio: 100}, ""},
		{"one file more", "/a.tar", three, fetchLimits{MaxBytes: 1 << 20, MaxFiles: 2, MaxRatio: 100}, "more than 2 files"},
		{"bytes exactly", "/a.tgz", twice, fetchLimits{MaxBytes: 1_000_000, MaxFiles: 9, MaxRatio: 100_000}, ""},
		{"one byte more", "/a.tgz", twice, fetchLimits{MaxBytes: 999_999, MaxFiles: 9, MaxRatio: 100_000}, "more than 999999 bytes"},
		{"ratio kept", "/a.tgz", twice, fetchLimits{MaxBytes: 1 << 30, MaxFiles: 9, MaxRatio: int64(1_000_000/len(twice) + 1)}, ""},
		{"ratio passed", "/a.tgz", twice, fetchLimits{MaxBytes: 1 << 30, MaxFiles: 9, MaxRatio: int64(1_000_000/len(twice)) - 1}, "times its size"},
		{"single file kept", "/a.gz", gz(strings.Repeat("x", 1000)), fetchLimits{MaxBytes: 1000, MaxFiles: 1, MaxRatio: 1000}, ""},
		{"single file too long", "/a.gz", gz(strings.Repeat("x", 1001)), fetchLimits{MaxBytes: 1000, MaxFiles: 1, MaxRatio: 1000}, "more than 1000 bytes"},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			server := serve(t, map[string]string{each.path: each.content})
			bench := newBench(t)
			bench.limits = each.limits
			bench.limits.TimeoutMs = 10_000
			err := bench.fetch(artifact{Source: server.URL + each.path})
			if each.refusal != "" {
				bench.wantRefused(err, each.refusal)
				return
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestBombsAreCheap(t *testing.T) {
	var sparse bytes.Buffer
	writer := tar.NewWriter(&sparse)
	_ = writer.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "x", Mode: 0o644, Size: 10 << 40})
	_ = writer.Flush()
	var headers bytes.Buffer
	packer := gzip.NewWriter(&headers)
	many := tar.NewWriter(packer)
	for index := range 300_000 {
		_ = many.WriteHeader(&tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: fmt.Sprint(index), PAXRecords: map[string]string{"comment": "x"}})
	}
	_ = many.Close()
	_ = packer.Close()
	cases := []struct{ name, path, content, refusal string }{
		{"10 TB in a header", "/a.tar", sparse.String(), "unpacks to more than"},
		{"sparse of a real tool", "/a.tgz", packed(t, "truncate -s 9G big && tar -cSzf ../out big"), "unpacks to more than"},
		{"zeros", "/a.tgz", packed(t, "head -c 200000000 /dev/zero | gzip -c > ../out"), ""},
		{"zip of zeros", "/a.zip", zipOf(t, func(w *zip.Writer) { addZip(t, w, "zero", 0o644, strings.Repeat("\x00", 100<<20)) }), "unpacks to more than"},
		{"a million entries in a zip", "/a.zip", zipOf(t, func(w *zip.Writer) {
			for index := range 1_000_000 {
				_, _ = w.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(index)})
			}
		}), "more than 100 files"},
		{"headers without files", "/a.tgz", headers.String(), "more than 100 files"},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			server := serve(t, map[string]string{each.path: each.content})
			bench := newBench(t)
			bench.limits.MaxRatio = 100
			bench.limits.MaxBytes = 256 << 20
			if each.refusal == "" {
				// Zeros are an empty tar: nothing comes out, and quickly.
				within(t, 5*time.Second, func() { _ = bench.fetch(artifact{Source: server.URL + each.path}) })
				bench.wantFiles(nil)
				return
			}
			within(t, 5*time.Second, func() { bench.wantRefused(bench.fetch(artifact{Source: server.URL + each.path}), each.refusal) })
		})
	}
}

func TestTheDirectoryOfAZipIsNotReadWholeWhenItIsTooLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.zip")
	content := zipOf(t, func(w *zip.Writer) {
		for index := range 300_000 {
			_, _ = w.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(index)})
		}
	})
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	archive, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err = unpackZip(archive, newTree(nil, newBudget(context.Background(), testLimits, 1)))
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "more than 100 files") {
		t.Error(err)
	}
	if taken := (after.TotalAlloc - before.TotalAlloc) >> 20; taken > 30 {
		t.Errorf("it took %d MiB to find out", taken)
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

func FuzzTarEntriesStayInside(f *testing.F) {
	f.Add("a/b", "../b", byte(tar.TypeSymlink))
	f.Add("d", ".", byte(tar.TypeSymlink))
	f.Add("../x", "", byte(tar.TypeReg))
	f.Add("x", "../../etc/passwd", byte(tar.TypeLink))
	f.Add("/x//./y/", "/", byte(tar.TypeDir))
	f.Fuzz(func(t *testing.T, name, target string, kind byte) {
		outer := t.TempDir()
		inner := filepath.Join(outer, "inner")
		if err := os.Mkdir(inner, 0o755); err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(inner)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		into := newTree(root, newBudget(context.Background(), testLimits, 0))
		for _, entry := range []tar.Header{{Typeflag: tar.TypeSymlink, Name: "d", Linkname: "."}, {Typeflag: kind, Name: name, Linkname: target}, {Typeflag: tar.TypeReg, Name: name + "/y"}} {
			_ = tarEntry(&entry, strings.NewReader("content"), into)
		}
		entries, err := os.ReadDir(outer)
		if err != nil || len(entries) != 1 {
			t.Fatalf("something came out: %v %v", entries, err)
		}
		_ = filepath.WalkDir(inner, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type()&fs.ModeSymlink != 0 {
				resolved, err := filepath.EvalSymlinks(path)
				if err == nil && resolved != inner && !strings.HasPrefix(resolved, inner+"/") {
					t.Fatalf("%s leads to %s", path, resolved)
				}
			}
			return nil
		})
	})
}
