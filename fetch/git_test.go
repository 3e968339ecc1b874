package main

import (
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// gitServer serves the repositories of a folder by git itself. Without the password it asks for one.
func gitServer(t *testing.T, folder, password string) *httptest.Server {
	t.Helper()
	where, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatalf("git must be on this machine: %v", err)
	}
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(where)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + folder, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
	}
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		_, given, _ := request.BasicAuth()
		if password != "" && given != password {
			response.Header().Set("WWW-Authenticate", "Basic")
			response.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(response, request)
	}))
	t.Cleanup(server.Close)
	return server
}

// repositoryOf runs a script in a new repository called `name`, and gives the folder around it.
func repositoryOf(t *testing.T, folder, name, script string) string {
	t.Helper()
	work := filepath.Join(folder, name)
	if err := os.MkdirAll(work, 0o755); err != nil {
		t.Fatal(err)
	}
	made := exec.Command("sh", "-c", "set -e; test -d .git || git init -q -b main; git config user.name t; git config user.email t@t; git config uploadpack.allowAnySHA1InWant true\n"+script)
	made.Dir = work
	made.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ALLOW_PROTOCOL=file:http")
	output, err := made.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return strings.TrimSpace(string(output))
}

const history = `
mkdir -p sub bin; echo one > text; echo run > bin/run; chmod +x bin/run; echo deep > sub/deep; ln -s ../text sub/up; ln -s text link
git add -A; git commit -qm one; git tag v1; git tag -a -m annotated v1a
git checkout -q -b side; echo side > text; git commit -qam side
git checkout -q main; echo two > text; git commit -qam two
`

func TestRepositories(t *testing.T) {
	folder := t.TempDir()
	repositoryOf(t, folder, "app", history)
	first := repositoryOf(t, folder, "app", "git rev-parse v1")
	server := gitServer(t, folder, "")
	all := func(text string) map[string]string {
		return map[string]string{"local/text": text + "\n", "local/bin/run": "run\n", "local/sub/deep": "deep\n", "local/sub/up": "-> ../text", "local/link": "-> text"}
	}
	cases := []struct {
		name    string
		suffix  string
		options map[string]string
		want    map[string]string
		refusal string
	}{
		{"head", "/app/.git", nil, all("two"), ""},
		{"branch", "/app/.git?ref=side", nil, all("side"), ""},
		{"branch as an option", "/app/.git", map[string]string{"ref": "side", "depth": "1"}, all("side"), ""},
		{"tag", "/app/.git?ref=v1", nil, all("one"), ""},
		{"annotated tag", "/app/.git?ref=v1a", nil, all("one"), ""},
		{"commit", "/app/.git?ref=" + first, nil, all("one"), ""},
		{"short commit", "/app/.git?ref=" + first[:8], nil, all("one"), ""},
		{"part", "/app/.git//bin", nil, map[string]string{"local/run": "run\n"}, ""},
		{"part with a link out of it", "/app/.git//sub", nil, nil, "leads out"},
		{"unknown ref", "/app/.git?ref=none", nil, nil, `no branch or tag "none"`},
		{"unknown commit", "/app/.git?ref=" + strings.Repeat("0", 39) + "1", nil, nil, "no branch, tag or commit"},
		{"ref like an option", "/app/.git?ref=--upload-pack=id", nil, nil, "is not a branch"},
		{"depth", "/app/.git?depth=x", nil, nil, `depth is "x"`},
		{"checksum", "/app/.git?checksum=md5:1", nil, nil, "checksum cannot be specified"},
		{"not there", "/none/.git", nil, nil, "repository not found"},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			bench := newBench(t)
			err := bench.fetch(artifact{Source: "git::" + server.URL + each.suffix, Options: each.options})
			if each.refusal != "" {
				bench.wantRefused(err, each.refusal)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			bench.wantFiles(each.want)
			if mode := each.want["local/bin/run"]; mode != "" && modeOf(t, filepath.Join(bench.base, "local/bin/run")).Perm() != 0o755 {
				t.Error("bin/run is not executable")
			}
		})
	}
}

func TestARepositoryGoesToTheSharedDirectory(t *testing.T) {
	folder := t.TempDir()
	repositoryOf(t, folder, "app", history)
	bench := newBench(t)
	if err := bench.fetch(artifact{Source: "git::" + gitServer(t, folder, "").URL + "/app/.git//bin", Destination: "../alloc/r"}); err != nil {
		t.Fatal(err)
	}
	bench.wantFiles(map[string]string{"alloc/r/run": "run\n"})
}

func TestRepositoriesWithAPassword(t *testing.T) {
	folder := t.TempDir()
	repositoryOf(t, folder, "app", history)
	server := gitServer(t, folder, "pass-word")
	source := "git::" + server.URL + "/app/.git//bin"
	bench := newBench(t)
	bench.wantRefused(bench.fetch(artifact{Source: source}), "authentication required")
	bench.credentials = map[string][]byte{"username": []byte("anna"), "password": []byte("pass-word\n")}
	if err := bench.fetch(artifact{Source: source}); err != nil {
		t.Error(err)
	}
	bench = newBench(t)
	if err := bench.fetch(artifact{Source: strings.Replace(source, "http://", "http://anna:pass-word@", 1)}); err != nil {
		t.Error(err)
	}
}

func TestHostileRepositories(t *testing.T) {
	cases := []struct{ name, script, refusal string }{
		{"link out", `ln -s ../../etc/passwd x; git add -A; git commit -qm x`, "leads out"},
		{"absolute link", `ln -s /etc/passwd x; git add -A; git commit -qm x`, "leads out"},
		{"too many files", `for i in $(seq 101); do echo $i > $i; done; git add -A; git commit -qm x`, "more than 100 files"},
		{"too large", `head -c 9000000 /dev/zero > x; git add -A; git commit -qm x`, "more than 8388608 bytes"},
		{"dots in a tree", `blob=$(echo x | git hash-object -w --stdin); tree=$(printf "100644 blob $blob\tx\n" | git mktree)
outer=$(printf "040000 tree $tree\t..\n" | git mktree); git update-ref refs/heads/main $(git commit-tree -m x $outer)`, `invalid path ".."`},
		{"submodule of a file", `printf '[submodule "m"]\n path = m\n url = file:///srv/x\n' > .gitmodules; git add -A
git update-index --add --cacheinfo 160000,1111111111111111111111111111111111111111,m; git commit -qm x`, `does not fetch over "file"`},
		{"submodule by ext", `printf '[submodule "m"]\n path = m\n url = ext::sh -c id\n' > .gitmodules; git add -A
git update-index --add --cacheinfo 160000,1111111111111111111111111111111111111111,m; git commit -qm x`, "submodule"},
		{"submodule at the metadata address", `printf '[submodule "m"]\n path = m\n url = http://169.254.169.254/x\n' > .gitmodules; git add -A
git update-index --add --cacheinfo 160000,1111111111111111111111111111111111111111,m; git commit -qm x`, "never come from"},
		{"submodule at a private address", `printf '[submodule "m"]\n path = m\n url = http://10.0.0.9/x\n' > .gitmodules; git add -A
git update-index --add --cacheinfo 160000,1111111111111111111111111111111111111111,m; git commit -qm x`, "private address"},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			folder := t.TempDir()
			repositoryOf(t, folder, "app", each.script)
			bench := newBench(t)
			bench.limits.MaxBytes = 8 << 20
			bench.wantRefused(bench.fetch(artifact{Source: "git::" + gitServer(t, folder, "").URL + "/app/.git"}), each.refusal)
		})
	}
}

func TestSubmodulesAreFetchedAtTheirCommit(t *testing.T) {
	folder := t.TempDir()
	repositoryOf(t, folder, "app", history)
	commit := repositoryOf(t, folder, "app", "git rev-parse v1")
	server := gitServer(t, folder, "pass-word")
	repositoryOf(t, folder, "outer", `printf '[submodule "m"]\n path = inner/m\n url = ../../app/.git\n' > .gitmodules; echo o > outer; git add -A
git update-index --add --cacheinfo 160000,`+commit+`,inner/m; git commit -qm x`)
	bench := newBench(t)
	bench.credentials = map[string][]byte{"username": []byte("anna"), "password": []byte("pass-word")}
	if err := bench.fetch(artifact{Source: "git::" + server.URL + "/outer/.git//inner/m/bin"}); err != nil {
		t.Fatal(err)
	}
	bench.wantFiles(map[string]string{"local/run": "run\n"})
}

func TestGitChecksAddressesOnRedirects(t *testing.T) {
	for target, refusal := range map[string]string{
		"http://169.254.169.254": "never come from", "http://10.0.0.9": "private address", "file:///srv": "redirect",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
			http.Redirect(response, request, target+request.URL.RequestURI(), http.StatusFound)
		}))
		bench := newBench(t)
		bench.wantRefused(bench.fetch(artifact{Source: "git::" + server.URL + "/app"}), refusal)
		server.Close()
	}
}

func TestSSHConnectionsAreCheckedAndHostsMustBeKnown(t *testing.T) {
	_, key := newSigner(t)
	known := []byte("host.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n")
	cases := []struct {
		name, source string
		credentials  map[string][]byte
		refusal      string
	}{
		{"no key", "git::ssh://git@host.example/r", nil, "ssh needs a key"},
		{"bad key", "git@host.example:r", map[string][]byte{"ssh-privatekey": []byte("x")}, "cannot be read"},
		{"host not known", "git@host.example:r", map[string][]byte{"ssh-privatekey": key}, "put what ssh-keyscan prints"},
		{"metadata", "git@host.example:r", map[string][]byte{"ssh-privatekey": key, "known_hosts": known}, "never come from"},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			bench := newBench(t)
			bench.hosts, bench.credentials = map[string]string{"host.example": "169.254.169.254"}, each.credentials
			bench.exempt = func(netip.AddrPort) bool { return false }
			bench.wantRefused(bench.fetch(artifact{Source: each.source}), each.refusal)
		})
	}
}
