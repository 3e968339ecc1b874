package main

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestAFileArrivesWhereTheBlockSays(t *testing.T) {
	server := serve(t, map[string]string{"/bin/tool": "#!/bin/sh\n", "/data.gz.txt": "plain"})
	cases := []struct {
		name  string
		block artifact
		path  string
		mode  os.FileMode
	}{
		{"default", artifact{Source: server.URL + "/bin/tool"}, "local/tool", 0o644},
		{"local/", artifact{Source: server.URL + "/bin/tool", Destination: "local/"}, "local/tool", 0o644},
		{"deeper", artifact{Source: server.URL + "/bin/tool", Destination: "local/a/b"}, "local/a/b/tool", 0o644},
		{"secrets", artifact{Source: server.URL + "/bin/tool", Destination: "secrets"}, "secrets/tool", 0o644},
		{"shared", artifact{Source: server.URL + "/bin/tool", Destination: "../alloc/data"}, "alloc/data/tool", 0o644},
		{"absolute", artifact{Source: server.URL + "/bin/tool", Destination: "/local/x"}, "local/x/tool", 0o644},
		{"file", artifact{Source: server.URL + "/bin/tool", Mode: modeFile, Destination: "local/other"}, "local/other", 0o644},
		{"file into a directory", artifact{Source: server.URL + "/bin/tool", Mode: modeFile, Destination: "local/"}, "local/tool", 0o644},
		{"filename", artifact{Source: server.URL + "/bin/tool", Options: map[string]string{"filename": "named"}}, "local/named", 0o644},
		{"executable", artifact{Source: server.URL + "/bin/tool", Executable: true}, "local/tool", 0o755},
		{"executable in mode file", artifact{Source: server.URL + "/bin/tool", Mode: modeFile, Destination: "local/tool", Executable: true}, "local/tool", 0o755},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			bench := newBench(t)
			if err := bench.fetch(each.block); err != nil {
				t.Fatal(err)
			}
			bench.wantFiles(map[string]string{each.path: "#!/bin/sh\n"})
			if mode := modeOf(t, filepath.Join(bench.base, each.path)).Perm(); mode != each.mode {
				t.Errorf("the mode is %o, not %o", mode, each.mode)
			}
		})
	}
}

func TestAFileTakesThePlaceOfAFileOrALinkButNeverWritesThroughIt(t *testing.T) {
	server := serve(t, map[string]string{"/tool": "new"})
	bench := newBench(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(bench.base, "local/tool")); err != nil {
		t.Fatal(err)
	}
	if err := bench.fetch(artifact{Source: server.URL + "/tool"}); err != nil {
		t.Fatal(err)
	}
	bench.wantFiles(map[string]string{"local/tool": "new"})
	if content, _ := os.ReadFile(outside); string(content) != "old" {
		t.Errorf("the file behind the link holds %q", content)
	}
}

func TestADestinationBehindALinkOutOfTheVolumeIsRefused(t *testing.T) {
	server := serve(t, map[string]string{"/tool": "new"})
	bench := newBench(t)
	outside := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(bench.base, "local/out")); err != nil {
		t.Fatal(err)
	}
	if err := bench.fetch(artifact{Source: server.URL + "/tool", Destination: "local/out"}); err == nil {
		t.Error("it was written through the link")
	}
	if entries, _ := os.ReadDir(outside); len(entries) != 0 {
		t.Errorf("%d entries came out", len(entries))
	}
}

func TestChecksums(t *testing.T) {
	sum512 := sha512.Sum512([]byte("content"))
	good := sha256Of("content")
	bad := sha256Of("other")
	server := serve(t, map[string]string{
		"/tool":    "content",
		"/SUMS":    bad + "  other\n" + good + " *tool\n",
		"/BSD":     "SHA256 (dir/tool) = " + good + "\n",
		"/one":     good + "\n",
		"/wrong":   bad + "  tool\n",
		"/missing": good + "  another\n",
		"/several": good + "\n" + bad + "\n",
		"/long":    strings.Repeat("#", maxChecksumFileBytes+1),
	})
	cases := []struct{ name, checksum, refusal string }{
		{"sha256", "sha256:" + good, ""},
		{"upper case", "SHA256:" + strings.ToUpper(good), ""},
		{"by length", good, ""},
		{"sha512 by length", hex.EncodeToString(sum512[:]), ""},
		{"md5", "md5:9a0364b9e99bb480dd25e1f0284c8555", ""},
		{"sha1", "sha1:040f06fd774092478d450774f5ba30c5da78acc8", ""},
		{"mismatch", "sha256:" + bad, "checksums did not match"},
		{"unknown type", "crc32:abcdef01", `unsupported checksum type: "crc32"`},
		{"too short", "sha256:abcd", "is not 64 hexadecimal digits"},
		{"no hex", "sha256:" + strings.Repeat("zz", 32), "is not 64 hexadecimal digits"},
		{"odd length alone", "abcdef", "neither type:value"},
		{"GNU file", "file:" + server.URL + "/SUMS", ""},
		{"BSD file", "file:" + server.URL + "/BSD", ""},
		{"file of one", "file:" + server.URL + "/one", ""},
		{"file mismatch", "file:" + server.URL + "/wrong", "checksums did not match"},
		{"file without the name", "file:" + server.URL + "/missing", `does not name "tool"`},
		{"file of several", "file:" + server.URL + "/several", "several checksums"},
		{"file too long", "file:" + server.URL + "/long", "longer than"},
		{"file is not there", "file:" + server.URL + "/none", "404"},
		{"file of the node", "file:/etc/passwd", "not allowed"},
		{"file on the link", "file:http://169.254.169.254/x", "never come from"},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			bench := newBench(t)
			err := bench.fetch(artifact{Source: server.URL + "/tool", Options: map[string]string{"checksum": each.checksum}})
			if each.refusal != "" {
				bench.wantRefused(err, each.refusal)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			bench.wantFiles(map[string]string{"local/tool": "content"})
		})
	}
}

func TestOptionsGoIntoTheQueryAndOursDoNot(t *testing.T) {
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) { asked = request.URL.RawQuery }))
	defer server.Close()
	bench := newBench(t)
	options := map[string]string{"version": "1 2", "archive": "false", "filename": "x"}
	if err := bench.fetch(artifact{Source: server.URL + "/a.zip?token=t", Options: options}); err != nil {
		t.Fatal(err)
	}
	if asked != "token=t&version=1+2" {
		t.Errorf("the server was asked for %q", asked)
	}
	bench.wantFiles(map[string]string{"local/x": ""})
}

func TestDownloadLimits(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		switch request.URL.Path {
		case "/exact":
			fmt.Fprint(response, strings.Repeat("x", 1000))
		case "/more":
			fmt.Fprint(response, strings.Repeat("x", 1001))
		case "/chunked":
			for range 1001 {
				fmt.Fprint(response, "x")
				response.(http.Flusher).Flush()
			}
		case "/lie":
			response.Header().Set("Content-Length", "900")
			fmt.Fprint(response, strings.Repeat("x", 10))
		case "/part":
			response.Header().Set("Content-Range", "bytes 0-9/1000")
			response.WriteHeader(http.StatusPartialContent)
			fmt.Fprint(response, strings.Repeat("x", 10))
		case "/slow":
			fmt.Fprint(response, "x")
			response.(http.Flusher).Flush()
			<-request.Context().Done()
		}
	}))
	defer server.Close()
	cases := []struct{ path, refusal string }{
		{"/exact", ""},
		{"/more", "more than the 1000"},
		{"/chunked", "longer than the 1000"},
		{"/lie", "unexpected EOF"},
		{"/part", "bad response code: 206"},
		{"/slow", "it takes longer than 500ms"},
	}
	for _, each := range cases {
		t.Run(each.path, func(t *testing.T) {
			bench := newBench(t)
			bench.limits.MaxBytes, bench.limits.TimeoutMs = 1000, 500
			var err error
			within(t, 5*time.Second, func() { err = bench.fetch(artifact{Source: server.URL + each.path}) })
			if each.refusal != "" {
				bench.wantRefused(err, each.refusal)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestRedirects(t *testing.T) {
	var plain *httptest.Server
	hops := func(response http.ResponseWriter, request *http.Request, left int) {
		if left == 0 {
			fmt.Fprint(response, "arrived")
			return
		}
		http.Redirect(response, request, fmt.Sprintf("/hops/%d", left-1), http.StatusFound)
	}
	handler := http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		var left int
		if count, _ := fmt.Sscanf(request.URL.Path, "/hops/%d", &left); count == 1 {
			hops(response, request, left)
			return
		}
		http.Redirect(response, request, request.URL.Query().Get("to"), http.StatusFound)
	})
	plain = httptest.NewServer(handler)
	defer plain.Close()
	secure := httptest.NewTLSServer(handler)
	defer secure.Close()
	cases := []struct{ name, source, refusal string }{
		{"ten", plain.URL + "/hops/10", ""},
		{"eleven", plain.URL + "/hops/11", "more than 10 times"},
		{"to metadata", plain.URL + "/to?to=http://169.254.169.254/latest/meta-data", "never come from"},
		{"to loopback's other port", plain.URL + "/to?to=http://127.0.0.1:22/", "never come from"},
		{"to a mapped address", plain.URL + "/to?to=http://[::ffff:169.254.169.254]/", "never come from"},
		{"to a NAT64 address", plain.URL + "/to?to=http://[64:ff9b::a9fe:a9fe]/", "never come from"},
		{"to a private address", plain.URL + "/to?to=http://10.1.2.3/", "private address 10.1.2.3"},
		{"to file", plain.URL + "/to?to=file:///etc/passwd", "neither http nor https"},
		{"to ftp", plain.URL + "/to?to=ftp://127.0.0.1/x", "neither http nor https"},
		{"down to http", secure.URL + "/to?to=" + plain.URL + "/hops/0", "from https to http"},
		{"up to https", plain.URL + "/to?to=" + secure.URL + "/hops/0", ""},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			bench := newBench(t)
			err := bench.fetch(artifact{Source: each.source, Insecure: true, Options: map[string]string{"filename": "it"}})
			if each.refusal != "" {
				bench.wantRefused(err, each.refusal)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			bench.wantFiles(map[string]string{"local/it": "arrived"})
		})
	}
}

func TestHeadersAndCredentialsStayWithTheFirstHost(t *testing.T) {
	var first, second http.Header
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) { second = request.Header.Clone() }))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		first = request.Header.Clone()
		http.Redirect(response, request, other.URL+"/x", http.StatusFound)
	}))
	defer server.Close()
	bench := newBench(t)
	bench.credentials = map[string][]byte{"username": []byte("anna\n"), "password": []byte("pass-word\n"), "header.X-Token": []byte("secret-header")}
	block := artifact{Source: server.URL + "/tool?sig=abcdef", Headers: map[string]string{"X-Plain": "plain", "X-Token": "of the block"}}
	if err := bench.fetch(block); err != nil {
		t.Fatal(err)
	}
	user, password, _ := (&http.Request{Header: first}).BasicAuth()
	if user != "anna" || password != "pass-word" || first.Get("X-Token") != "secret-header" || first.Get("X-Plain") != "plain" {
		t.Errorf("the first host got %v", first)
	}
	for _, name := range []string{"Authorization", "X-Token", "X-Plain", "Referer", "Cookie"} {
		if second.Get(name) != "" {
			t.Errorf("the second host got %s: %s", name, second.Get(name))
		}
	}
}

func TestTLSIsVerifiedUnlessTheBlockIsInsecure(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) { fmt.Fprint(response, "x") }))
	defer server.Close()
	bench := newBench(t)
	bench.wantRefused(bench.fetch(artifact{Source: server.URL + "/x"}), "certificate")
	if err := bench.fetch(artifact{Source: server.URL + "/x", Insecure: true}); err != nil {
		t.Error(err)
	}
}

func TestNoProxyIsUsed(t *testing.T) {
	server := serve(t, map[string]string{"/x": "x"})
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:9")
	t.Setenv("ALL_PROXY", "http://127.0.0.1:9")
	bench := newBench(t)
	if err := bench.fetch(artifact{Source: server.URL + "/x"}); err != nil {
		t.Error(err)
	}
}
