package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// pod is what an init container has: root with two capabilities, and the task's directories.
type pod struct {
	t        *testing.T
	root     string
	base     string
	program  string
	document map[string]any
}

func newPod(t *testing.T, artifacts ...artifact) *pod {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("this test becomes another user, so it must run as root")
	}
	// A folder of the testing package is closed to other users.
	root, err := os.MkdirTemp("", "fetch-pod-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	base := filepath.Join(root, "base")
	made := &pod{t: t, root: root, base: base, program: filepath.Join(root, "bin", "fetch")}
	made.must(os.Chmod(root, 0o755))
	for _, folder := range []string{"state", "credentials", "nodes", "bin", "base/alloc", "base/local", "base/secrets", "base/tmp"} {
		made.must(os.MkdirAll(filepath.Join(root, folder), 0o755))
	}
	made.must(os.Chmod(filepath.Join(root, "state"), 0o700))
	for _, volume := range volumes {
		made.must(os.Chmod(filepath.Join(base, volume), 0o777))
	}
	content, err := shippedFlavour()
	made.must(err)
	made.must(os.WriteFile(made.program, content, 0o755))
	made.write("bin/"+workerBaseFile, base, 0o644)
	made.write("termination-log", "", 0o644)
	made.write("passwd", "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\napp:x:1234:100::/home/app:/bin/sh\n", 0o644)
	for index := range artifacts {
		if artifacts[index].Mode == "" {
			artifacts[index].Mode = modeAny
		}
	}
	limits := testLimits
	limits.AllowNetworks, limits.DenyNetworks = []string{}, []string{}
	made.document = map[string]any{
		"version": 1, "task": "web", "env": map[string]string{"NOMAD_META_FILE": "tool"}, "taskEnv": map[string]string{}, "nodeValues": false,
		"user": "nobody", "users": map[string]any{}, "deniedUids": "", "deniedGids": "", "allowRoot": false,
		"artifacts": artifacts, "fetch": limits, "command": "fields of others are passed over",
	}
	return made
}

func (p *pod) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *pod) write(name, content string, mode os.FileMode) {
	p.t.Helper()
	p.must(os.MkdirAll(filepath.Dir(filepath.Join(p.root, name)), 0o755))
	p.must(os.WriteFile(filepath.Join(p.root, name), []byte(content), mode))
}

// command is what the kubelet starts: root without a right but to change its user.
func (p *pod) command() *exec.Cmd {
	p.t.Helper()
	text, err := json.Marshal(p.document)
	p.must(err)
	p.write("task.json", string(text), 0o400)
	return exec.Command("setpriv", "--bounding-set=-all,+setuid,+setgid", "--inh-caps=-all", "--no-new-privs", p.program, "supervise", p.root)
}

func (p *pod) run() (code int, log string) {
	p.t.Helper()
	command := p.command()
	output, err := command.CombinedOutput()
	if command.ProcessState == nil {
		p.t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(output)
}

func (p *pod) message() terminationMessage {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.root, "termination-log"))
	p.must(err)
	var message terminationMessage
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	p.must(decoder.Decode(&message))
	return message
}

func (p *pod) content(name string) string {
	p.t.Helper()
	content, err := os.ReadFile(filepath.Join(p.base, name))
	if err != nil {
		return err.Error()
	}
	return string(content)
}
