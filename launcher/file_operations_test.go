package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hostileTree is the directories of a task that has done what it can with them.
func hostileTree(t *testing.T) (view fileView, outside string) {
	t.Helper()
	root := t.TempDir()
	outside = filepath.Join(t.TempDir(), "outside")
	write := func(path, text string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(outside, "shadow"), "not for you")
	write(filepath.Join(root, "alloc/data/a"), "inside a")
	write(filepath.Join(root, "local/file.json"), "{}")
	write(filepath.Join(root, "local/deep/file"), "0123456789")
	write(filepath.Join(root, "secrets/key"), "secret")
	write(filepath.Join(root, "etc/passwd"), "root")
	if err := os.MkdirAll(filepath.Join(root, "tmp"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"local/out": outside, "local/up": "../etc/passwd", "local/absolute": "/etc/passwd", "local/secret": "../secrets/key",
		"local/loop": "loop", "local/in": "deep/file", "local/proc": "/proc/self/root", "alloc/logs": outside,
	} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "local/fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	places := layout{root: root, alloc: filepath.Join(root, "alloc")}
	return fileView{places: places, task: "web", tasks: []string{"web", "db"}}, outside
}

func TestFilesOfAHostileTree(t *testing.T) {
	view, _ := hostileTree(t)
	cases := []struct {
		path, text, refusal string
		status              int
	}{
		{path: "alloc/data/a", text: "inside a"},
		{path: "/alloc//data/./a", text: "inside a"},
		{path: "web/alloc/data/a", text: "inside a"},
		{path: "web/local/deep/file", text: "0123456789"},
		{path: "web/local/in", text: "0123456789"},
		{path: "web/local/out/shadow", refusal: pathEscapes, status: 400},
		{path: "web/local/up", refusal: pathEscapes, status: 400},
		{path: "web/local/absolute", refusal: pathEscapes, status: 400},
		{path: "web/local/secret", refusal: pathEscapes, status: 400},
		{path: "web/local/loop", refusal: pathEscapes, status: 400},
		{path: "web/local/proc/etc/passwd", refusal: pathEscapes, status: 400},
		{path: "alloc/logs/shadow", refusal: pathEscapes, status: 400},
		{path: "../etc/passwd", refusal: pathEscapes, status: 400},
		{path: "web/local/../../../etc/passwd", refusal: pathEscapes, status: 400},
		{path: "web/secrets/key", refusal: "Reading secret file prohibited: web/secrets/key", status: 403},
		{path: "web/local/../secrets/key", refusal: "Reading secret file prohibited: web/secrets/key", status: 403},
		{path: "web/secrets/no-such", refusal: "Reading secret file prohibited: web/secrets/no-such", status: 403},
		{path: "web/etc/passwd", refusal: "stat web/etc/passwd: no such file or directory", status: 404},
		{path: "etc/passwd", refusal: "stat etc/passwd: no such file or directory", status: 404},
		{path: "db/local/x", refusal: "stat db/local/x: no such file or directory", status: 404},
		{path: "web/local/fifo", refusal: "web/local/fifo is not a regular file", status: 400},
		{path: "web/local/deep", refusal: `file "web/local/deep" is a directory`, status: 400},
		{path: "web/local/file.json/x", refusal: "stat web/local/file.json/x: no such file or directory", status: 404},
		{path: "web/local/" + strings.Repeat("x", 300), refusal: "stat web/local/" + strings.Repeat("x", 300) + ": no such file or directory", status: 404},
		{path: "/", refusal: `file "/" is a directory`, status: 400},
		{path: "web", refusal: `file "web" is a directory`, status: 400},
	}
	for _, c := range cases {
		for name, read := range map[string]func(operateMessage, *operationOutput) error{"read": view.read, "stream": view.stream} {
			t.Run(name+" "+c.path, func(t *testing.T) {
				output, said := capture()
				err := read(operateMessage{Path: c.path}, output)
				if c.refusal == "" && err != nil || said.text.String() != c.text {
					t.Errorf("%q, %v", said.text.String(), err)
				}
				if c.refusal != "" && !reflect.DeepEqual(err, operationError{status: c.status, text: c.refusal}) {
					t.Errorf("error %#v, want %d %s", err, c.status, c.refusal)
				}
			})
		}
	}
}

func TestADirectoryThatIsReplacedMeanwhileLeadsNowhereElse(t *testing.T) {
	view, outside := hostileTree(t)
	deep := filepath.Join(view.places.root, "local/deep")
	stop := make(chan struct{})
	swapped := make(chan struct{})
	go func() {
		defer close(swapped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			_ = os.Rename(deep, deep+".away")
			_ = os.Symlink(outside, deep)
			_ = os.Remove(deep)
			_ = os.Rename(deep+".away", deep)
		}
	}()
	for range 2000 {
		output, said := capture()
		if err := view.read(operateMessage{Path: "web/local/deep/shadow"}, output); err == nil {
			t.Fatalf("read %q from outside", said.text.String())
		}
	}
	close(stop)
	<-swapped
}

func TestListings(t *testing.T) {
	view, _ := hostileTree(t)
	for path, want := range map[string]string{
		"/":           "alloc/ db/ web/",
		"web":         "alloc/ local/ secrets/ tmp/",
		"alloc":       "data/ logs@",
		"web/local":   "absolute@ deep/ fifo| file.json in@ loop@ out@ proc@ secret@ up@",
		"web/secrets": "key",
		"web/tmp":     "",
	} {
		output, said := capture()
		if err := view.list(path, output); err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		var list []fileInfo
		if err := json.Unmarshal(said.text.Bytes(), &list); err != nil {
			t.Fatal(err)
		}
		names := []string{}
		for _, info := range list {
			names = append(names, info.Name+map[byte]string{'d': "/", 'L': "@", 'p': "|", '-': ""}[info.FileMode[0]])
			if info.IsDir != (info.FileMode[0] == 'd') {
				t.Errorf("%s: %+v", path, info)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s holds %q, want %q", path, got, want)
		}
	}
	output, _ := capture()
	if err := view.list("web/local/file.json", output); err == nil {
		t.Error("a file was listed")
	}
	if err := view.list("web/local/out", output); !reflect.DeepEqual(err, operationError{status: 400, text: pathEscapes}) {
		t.Errorf("listing outside: %v", err)
	}
}

func TestAListThatHasNoEndIsRefused(t *testing.T) {
	view, _ := hostileTree(t)
	for number := range maxListedEntries + 1 {
		if err := os.WriteFile(filepath.Join(view.places.root, "tmp", fmt.Sprint(number)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	output, said := capture()
	if err := view.list("web/tmp", output); err == nil || said.text.Len() > 0 {
		t.Errorf("%d bytes, error %v", said.text.Len(), err)
	}
}

func TestStats(t *testing.T) {
	view, _ := hostileTree(t)
	if err := os.Chmod(filepath.Join(view.places.root, "tmp"), 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	cases := map[string]fileInfo{
		"/":                   {IsDir: true, FileMode: "drwxr-xr-x", ContentType: unknownContent},
		"web":                 {Name: "web", IsDir: true, FileMode: "drwxrwxrwx", ContentType: unknownContent},
		"web/tmp":             {Name: "tmp", IsDir: true, FileMode: "dtrwxrwxrwx", ContentType: unknownContent},
		"web/local/deep/file": {Name: "file", Size: 10, FileMode: "-rw-r--r--", ContentType: "text/plain; charset=utf-8"},
		"web/local/file.json": {Name: "file.json", Size: 2, FileMode: "-rw-r--r--", ContentType: "application/json"},
		"web/local/fifo":      {Name: "fifo", FileMode: "prw-r--r--", ContentType: unknownContent},
		"web/secrets/key":     {Name: "key", Size: 6, FileMode: "-rw-r--r--", ContentType: unknownContent},
	}
	for path, want := range cases {
		output, said := capture()
		if err := view.stat(path, output); err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		var got fileInfo
		if err := json.Unmarshal(said.text.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got.ModTime = (time.Time{}); want.IsDir {
			got.Size = 0
		}
		if got != want {
			t.Errorf("%s is %+v, want %+v", path, got, want)
		}
	}
}

func TestContentTypes(t *testing.T) {
	for beginning, want := range map[string]string{
		"\x89PNG\r\n\x1a\nrest": "image/png", "text\n\ttab\x1b[0m": "text/plain; charset=utf-8", "a\x00b": unknownContent,
		"<!doctype html>": "text/html; charset=utf-8", "\x1f\x8b\x08": "application/x-gzip", "%PDF-1.4": "application/pdf",
	} {
		if got := sniff([]byte(beginning)); got != want {
			t.Errorf("%q is %s, want %s", beginning, got, want)
		}
	}
}

func TestReadsAtAnOffsetOfASparseFile(t *testing.T) {
	view, _ := hostileTree(t)
	path := filepath.Join(view.places.root, "alloc/data/sparse")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	const size = 1 << 30
	if _, err := file.WriteAt([]byte("the end"), size-7); err != nil {
		t.Fatal(err)
	}
	file.Close()
	for _, c := range []struct {
		offset, limit int64
		want          string
	}{
		{size - 7, 0, "the end"}, {size - 7, 3, "the"}, {size - 9, 4, "\x00\x00th"}, {size, 0, ""}, {size * 4, 10, ""}, {size - 3, size, "end"},
	} {
		output, said := capture()
		if err := view.read(operateMessage{Path: "alloc/data/sparse", Offset: c.offset, Limit: c.limit}, output); err != nil || said.text.String() != c.want {
			t.Errorf("%d bytes from %d: %q, %v", c.limit, c.offset, said.text.String(), err)
		}
	}
}

func TestDirectoriesOfTheViewHaveSizeTimeAndMode(t *testing.T) {
	view, _ := hostileTree(t)
	cases := []struct{ path, name, mode string }{
		{"/", "alloc", "drwx"}, {"/", "web", "drwxrwxrwx"}, {"web", "local", "drwx"},
	}
	for _, c := range cases {
		output, said := capture()
		if err := view.list(c.path, output); err != nil {
			t.Fatal(err)
		}
		var list []fileInfo
		if err := json.Unmarshal(said.text.Bytes(), &list); err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(list, func(each fileInfo) bool { return each.Name == c.name })
		if at < 0 || list[at].Size == 0 || list[at].ModTime.Unix() <= 0 || !strings.HasPrefix(list[at].FileMode, c.mode) {
			t.Errorf("%s in %s: %+v", c.name, c.path, list)
		}
	}
	output, said := capture()
	if err := view.stat("/", output); err != nil || !strings.Contains(said.text.String(), `"FileMode":"drwxr-xr-x"`) || !strings.Contains(said.text.String(), `"Size":4096`) {
		t.Errorf("%s, %v", said.text.String(), err)
	}
}

// TestAnyTimeOfAFileCanBeTold takes times that a task can give a file in memory: JSON has no year beyond 9999.
func TestAnyTimeOfAFileCanBeTold(t *testing.T) {
	for seconds, want := range map[int64]string{
		0: `"1970-01-01T00:00:00Z"`, 253402300799: `"9999-12-31T23:59:59Z"`, 253402300800: `"9999-12-31T23:59:59Z"`,
		math.MaxInt64: `"9999-12-31T23:59:59Z"`, -62167219200: `"0000-01-01T00:00:00Z"`, math.MinInt64: `"0000-01-01T00:00:00Z"`,
	} {
		text, err := json.Marshal(infoOf("x", syscall.Stat_t{Mtim: syscall.Timespec{Sec: seconds}}, unknownContent))
		if err != nil || !strings.Contains(string(text), `"ModTime":`+want) {
			t.Errorf("%d: %s, %v", seconds, text, err)
		}
	}
}
