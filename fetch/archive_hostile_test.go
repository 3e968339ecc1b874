package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
