package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// workerBaseEnv cannot reach a worker, whose environment is empty: the base comes as a file beside the test binary.
const workerBaseFile = "fetch-test-base"

// TestMain lets the test binary be the worker, with the task's directories below the folder of a test and servers on loopback.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == workerArgument {
		around := standardEnvironment()
		self, _ := os.Executable()
		base, err := os.ReadFile(filepath.Join(filepath.Dir(self), workerBaseFile))
		if err == nil {
			around.base = strings.TrimSpace(string(base))
		}
		around.newNetwork = loopbackNetwork
		os.Exit(runWorker(os.Stdin, os.Stdout, around))
	}
	if len(os.Args) == 3 && os.Args[1] == "supervise" {
		os.Exit(supervise(layoutBelow(os.Args[2]), os.Stderr))
	}
	os.Exit(m.Run())
}

// layoutBelow is the container of a test.
func layoutBelow(root string) layout {
	at := func(name string) string { return filepath.Join(root, name) }
	return layout{
		document: at("task.json"), state: at("state"), credentials: at("credentials"), nodes: at("nodes"), passwd: at("passwd"),
		message: at("termination-log"), program: "/proc/self/exe", podUID: "0a1b2c3d-0000-4000-8000-000000000000", nodeName: "node-1",
	}
}

// loopbackNetwork is the real one, but that high ports of 127.0.0.1 are reached, where the tests' servers are.
func loopbackNetwork(limits fetchLimits) (*network, error) {
	out, err := newNetwork(limits)
	if err == nil {
		out.exempt = func(target netip.AddrPort) bool {
			return target.Addr() == netip.MustParseAddr("127.0.0.1") && target.Port() > 1024
		}
	}
	return out, err
}

var testLimits = fetchLimits{MaxBytes: 64 << 20, MaxFiles: 100, MaxRatio: 2000, TimeoutMs: 20_000}

// bench is a task's directories and what fetches into them.
type bench struct {
	t      *testing.T
	base   string
	limits fetchLimits
	// hosts are names that lead somewhere in this test.
	hosts map[string]string
	// exempt are the addresses that count as public; nil: loopback's high ports.
	exempt      func(netip.AddrPort) bool
	credentials map[string][]byte
}

func newBench(t *testing.T) *bench {
	t.Helper()
	base := t.TempDir()
	for _, volume := range volumes {
		if err := os.Mkdir(filepath.Join(base, volume), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return &bench{t: t, base: base, limits: testLimits}
}

func (b *bench) fetch(block artifact) error {
	b.t.Helper()
	if block.Mode == "" {
		block.Mode = modeAny
	}
	around := environment{base: b.base, newNetwork: func(limits fetchLimits) (*network, error) {
		out, err := loopbackNetwork(limits)
		if b.exempt != nil {
			out.exempt = b.exempt
		}
		if b.hosts != nil {
			out.lookup = b.lookup
		}
		return out, err
	}}
	given := job{Task: "web", Artifact: block, Limits: b.limits, Credentials: b.credentials, Key: "test"}
	return fetchJob(context.Background(), given, around)
}

func (b *bench) lookup(_ context.Context, host string) ([]netip.Addr, error) {
	address, ok := b.hosts[host]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return []netip.Addr{netip.MustParseAddr(address)}, nil
}

// files are all files of the task's directories, as path → content; directories and links are marked.
func (b *bench) files() map[string]string {
	b.t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(b.base, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(strings.TrimPrefix(path, b.base), "/")
		switch {
		case entry.Type()&os.ModeSymlink != 0:
			target, _ := os.Readlink(path)
			found[name] = "-> " + target
		case entry.Type().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			found[name] = string(content)
		case entry.IsDir() && strings.Contains(name, stagePrefix):
			found[name] = "left over"
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return found
}

func (b *bench) wantFiles(want map[string]string) {
	b.t.Helper()
	found := b.files()
	for name, content := range want {
		if found[name] != content {
			b.t.Errorf("%s holds %.60q, but it must hold %.60q", name, found[name], content)
		}
	}
	for name, content := range found {
		if _, ok := want[name]; !ok {
			b.t.Errorf("%s is there, with %.60q", name, content)
		}
	}
}

func (b *bench) wantRefused(err error, reason string) {
	b.t.Helper()
	if err == nil || !strings.Contains(err.Error(), reason) {
		b.t.Errorf("got the error %v, but it must speak of %q", err, reason)
	}
	b.wantFiles(nil)
}

// serve answers with fixed contents by path.
func serve(t *testing.T, contents map[string]string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		content, ok := contents[request.URL.Path]
		if !ok {
			http.NotFound(response, request)
			return
		}
		_, _ = response.Write([]byte(content))
	}))
	t.Cleanup(server.Close)
	return server
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func within(t *testing.T, limit time.Duration, work func()) {
	t.Helper()
	started := time.Now()
	work()
	if took := time.Since(started); took > limit {
		t.Errorf("it took %s, more than %s", took, limit)
	}
}

func modeOf(t *testing.T, path string) os.FileMode {
	t.Helper()
	about, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return about.Mode()
}

func ownerOf(t *testing.T, path string) uint32 {
	t.Helper()
	about, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	status, ok := about.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatal(errors.New("no owner"))
	}
	return status.Uid
}
