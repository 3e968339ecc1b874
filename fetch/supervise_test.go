package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// shippedFlavour is this test binary without cgo, as fetch is built: with cgo, Go cannot change all threads at once.
var shippedFlavour = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "fetch-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	name := filepath.Join(folder, "fetch")
	build := exec.Command("go", "test", "-c", "-o", name, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, output)
	}
	return os.ReadFile(name)
})

func TestArtifactsBelongToTheTasksUserAndAreFetchedOnce(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		asked.Add(1)
		fmt.Fprint(response, "content of "+request.URL.Path)
	}))
	defer server.Close()
	for user, uid := range map[string]uint32{"nobody": 65534, "app": 1234, "table": 4321, "77": 77} {
		t.Run(user, func(t *testing.T) {
			asked.Store(0)
			in := newPod(t,
				artifact{Source: server.URL + "/${NOMAD_META_FILE}"},
				artifact{Source: server.URL + "/other", Destination: "../alloc/${NOMAD_SHORT_ALLOC_ID}", Executable: true},
				artifact{Source: server.URL + "/${unknown}", Mode: modeFile, Destination: "secrets/x"},
			)
			in.document["user"] = user
			in.document["users"] = map[string]any{"table": map[string]any{"uid": 4321, "gid": 1000, "home": "/"}}
			for range 2 {
				if code, log := in.run(); code != 0 {
					t.Fatalf("exit code %d: %s", code, log)
				}
			}
			if count := asked.Load(); count != 3 {
				t.Errorf("the server was asked %d times", count)
			}
			for path, content := range map[string]string{"local/tool": "/tool", "alloc/0a1b2c3d/other": "/other", "secrets/x": "/${unknown}"} {
				if found := in.content(path); found != "content of "+content {
					t.Errorf("%s holds %q", path, found)
					continue
				}
				if owner := ownerOf(t, filepath.Join(in.base, path)); owner != uid {
					t.Errorf("%s belongs to %d", path, owner)
				}
			}
			if mode := modeOf(t, filepath.Join(in.root, "state", markersName)); mode != 0o600 {
				t.Errorf("the state has the mode %s", mode)
			}
		})
	}
}

func TestABlockThatChangesIsFetchedAgain(t *testing.T) {
	server := serve(t, map[string]string{"/a": "a", "/b": "b"})
	in := newPod(t, artifact{Source: server.URL + "/a", Mode: modeFile, Destination: "local/x"})
	for _, name := range []string{"/a", "/b"} {
		in.document["artifacts"] = []artifact{{Source: server.URL + name, Mode: modeFile, Destination: "local/x"}}
		if code, log := in.run(); code != 0 {
			t.Fatal(log)
		}
	}
	if found := in.content("local/x"); found != "b" {
		t.Errorf("x holds %q", found)
	}
}

func TestAFailureIsToldInNomadsWordsWithoutSecrets(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		http.Redirect(response, request, "http://10.0.0.1/?echo="+request.Header.Get("Authorization")+"&token=query-secret", http.StatusFound)
	}))
	defer server.Close()
	in := newPod(t, artifact{Source: strings.Replace(server.URL, "//", "//anna:url-secret@", 1) + "/x?token=query-secret", Credentials: "keys"})
	in.write("credentials/keys/header.X-Key", "header-secret\n", 0o400)
	code, log := in.run()
	message := in.message()
	want := `failed to download artifact "` + strings.Replace(server.URL, "//", "//REDACTED@", 1) + `/x?token=REDACTED": `
	if code != 1 || message.Reason != "exited" || message.ExitCode != 1 || message.Version != 1 || !strings.HasPrefix(message.Message, want) || !strings.Contains(message.Message, "private address") {
		t.Errorf("exit code %d, message %+v", code, message)
	}
	for _, secret := range []string{"url-secret", "query-secret", "header-secret", "anna"} {
		if strings.Contains(log+message.Message, secret) {
			t.Errorf("%s is in %s %s", secret, log, message.Message)
		}
	}
	if found := in.content("../state/" + markersName); strings.Contains(found, "[") {
		t.Error("a failure was marked as done")
	}
}

func TestWhatFailsBeforeAnythingIsOpened(t *testing.T) {
	cases := []struct {
		name    string
		change  func(map[string]any)
		message string
	}{
		{"unknown user", func(d map[string]any) { d["user"] = "none" }, `failed to identify user "none"`},
		{"root", func(d map[string]any) { d["user"] = "root" }, `running as user "root" is disallowed`},
		{"denied uid", func(d map[string]any) { d["deniedUids"] = "65000-65535" }, "running as uid 65534 is disallowed"},
		{"denied gid", func(d map[string]any) { d["deniedGids"] = "65534" }, "running as gid 65534 is disallowed"},
		{"user without a uid", func(d map[string]any) {
			d["user"], d["users"] = "x", map[string]any{"x": map[string]any{"gid": 1}}
		}, "has no uid"},
		{"other version", func(d map[string]any) { d["version"] = 2 }, "version is 2"},
		{"no limit", func(d map[string]any) { d["fetch"] = fetchLimits{} }, "must be above 0"},
		{"bad network", func(d map[string]any) {
			limits := testLimits
			limits.DenyNetworks = []string{"api"}
			d["fetch"] = limits
		}, `"api" is not a network`},
		{"Secret not mounted", func(d map[string]any) { d["artifacts"].([]artifact)[0].Credentials = "keys" }, `the Secret "keys" is not mounted`},
		{"Secret outside", func(d map[string]any) { d["artifacts"].([]artifact)[0].Credentials = "../state" }, "not the name of a Secret"},
		{"no record of the node", func(d map[string]any) { d["nodeValues"] = true }, "the record of the node"},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			in := newPod(t, artifact{Source: "http://127.0.0.1:1/x"})
			each.change(in.document)
			code, _ := in.run()
			if message := in.message().Message; code != 1 || !strings.Contains(message, each.message) {
				t.Errorf("exit code %d, message %q", code, message)
			}
		})
	}
}

func TestATaskOfRootHasNoCapabilityWhenItFetches(t *testing.T) {
	server := serve(t, map[string]string{"/x": "x"})
	in := newPod(t, artifact{Source: server.URL + "/x"})
	in.document["user"], in.document["allowRoot"] = "root", true
	if code, log := in.run(); code != 0 {
		t.Fatal(log)
	}
	if found := in.content("local/x"); found != "x" {
		t.Errorf("x holds %q", found)
	}
}

func TestValuesOfTheNode(t *testing.T) {
	server := serve(t, map[string]string{"/amd64/eu/x": "x"})
	in := newPod(t, artifact{Source: server.URL + "/${attr.cpu.arch}/${meta.zone}/x"})
	in.document["nodeValues"] = true
	in.write("nodes/node-1", `{"id":"1","name":"node-1","datacenter":"dc1","region":"r","class":"","pool":"default","attributes":{"cpu.arch":"amd64"},"meta":{"zone":"eu"}}`, 0o444)
	if code, log := in.run(); code != 0 {
		t.Fatal(log)
	}
}

func TestThreeArtifactsAtATime(t *testing.T) {
	var running, most atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		most.Store(max(most.Load(), running.Add(1)))
		time.Sleep(300 * time.Millisecond)
		running.Add(-1)
	}))
	defer server.Close()
	var blocks []artifact
	for index := range 7 {
		blocks = append(blocks, artifact{Source: fmt.Sprintf("%s/%d", server.URL, index)})
	}
	in := newPod(t, blocks...)
	if code, log := in.run(); code != 0 {
		t.Fatal(log)
	}
	if count := most.Load(); count > 3 || count < 2 {
		t.Errorf("%d ran at once", count)
	}
}

func hanging(t *testing.T) (*httptest.Server, chan struct{}) {
	t.Helper()
	asked := make(chan struct{}, 16)
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		fmt.Fprint(response, "x")
		response.(http.Flusher).Flush()
		asked <- struct{}{}
		<-request.Context().Done()
	}))
	t.Cleanup(server.Close)
	return server, asked
}

func TestTheTimeOfAnArtifactIsLimited(t *testing.T) {
	server, _ := hanging(t)
	in := newPod(t, artifact{Source: server.URL + "/x"})
	limits := testLimits
	limits.TimeoutMs = 400
	in.document["fetch"] = limits
	code, _ := in.run()
	if message := in.message().Message; code != 1 || !strings.HasSuffix(message, "it takes longer than 400ms, the most that the profile allows") {
		t.Errorf("exit code %d, message %q", code, message)
	}
	if entries, _ := os.ReadDir(filepath.Join(in.base, "local")); len(entries) != 0 {
		t.Errorf("%d entries were left", len(entries))
	}
}

func TestASignalEndsTheWorkerThatRootCannotKill(t *testing.T) {
	server, asked := hanging(t)
	for name, kill := range map[string]os.Signal{"terminated": os.Interrupt, "killed": os.Kill} {
		t.Run(name, func(t *testing.T) {
			in := newPod(t, artifact{Source: server.URL + "/x"})
			command := in.command()
			output, err := command.StderrPipe()
			in.must(err)
			in.must(command.Start())
			select {
			case <-asked:
			case <-time.After(10 * time.Second):
				t.Fatal("the worker asked for nothing")
			}
			in.must(command.Process.Signal(kill))
			// The worker holds the other end of the pipe for as long as it lives.
			within(t, 4*time.Second, func() { _, _ = io.Copy(io.Discard, output) })
			if err := command.Wait(); err == nil {
				t.Error("it ended well")
			}
		})
	}
}

func TestAWorkerThatIsNotTheTasksUserOpensNothing(t *testing.T) {
	in := newPod(t)
	text, err := json.Marshal(job{Task: "web", Artifact: artifact{Source: "http://127.0.0.1:9/x", Mode: modeAny}, Limits: testLimits, UID: 65534, Key: "x"})
	in.must(err)
	worker := exec.Command(in.program, workerArgument)
	worker.Stdin = bytes.NewReader(text)
	output, _ := worker.Output()
	if !strings.Contains(string(output), "could not become the task's user: the process has ") {
		t.Errorf("it said %s", output)
	}
}

func TestAWorkerSaysNoSecret(t *testing.T) {
	var said bytes.Buffer
	if code := tell(&said, fmt.Errorf("the server said pass-word"), []string{"pass-word"}); code != exitFailed || said.String() != `{"error":"the server said REDACTED"}`+"\n" {
		t.Errorf("exit code %d, %s", code, said.String())
	}
}

func TestVerifyStatus(t *testing.T) {
	good := "Uid:\t7\t7\t7\t7\nGid:\t8\t8\t8\t8\nGroups:\t \nNoNewPrivs:\t1\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n"
	if err := verifyStatus([]byte(good), 7, 8); err != nil {
		t.Error(err)
	}
	for old, new := range map[string]string{
		"Uid:\t7\t7\t7\t7": "Uid:\t7\t7\t0\t7", "Gid:\t8": "Gid:\t0", "Groups:\t ": "Groups:\t0 ", "NoNewPrivs:\t1": "NoNewPrivs:\t0",
		"CapInh:\t0": "CapInh:\t8", "CapPrm:\t0": "CapPrm:\t1", "CapEff:\t0": "CapEff:\t1", "CapAmb:\t0": "CapAmb:\t1", "CapEff:": "CapNone:",
	} {
		if err := verifyStatus([]byte(strings.Replace(good, old, new, 1)), 7, 8); err == nil {
			t.Errorf("%q passed", new)
		}
	}
}
