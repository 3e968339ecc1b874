package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

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
