package main

import (
	"strings"
	"testing"
)

func TestSources(t *testing.T) {
	cases := []struct{ source, getter, url, subdirectory string }{
		{"https://host/a.zip", "http", "https://host/a.zip", ""},
		{"http://host:81/a?x=1", "http", "http://host:81/a?x=1", ""},
		{"https://host/a.zip//sub/dir?x=1", "http", "https://host/a.zip?x=1", "sub/dir"},
		{"https://host/a?to=http://b//c", "http", "https://host/a?to=http://b//c", ""},
		{"git::https://host/r.git", "git", "https://host/r.git", ""},
		{"git::ssh://git@host/r.git//sub", "git", "ssh://git@host/r.git", "sub"},
		{"github.com/org/repo", "git", "https://github.com/org/repo.git", ""},
		{"github.com/org/repo.git//sub?ref=v1", "git", "https://github.com/org/repo.git", "sub"},
		{"gitlab.com/org/repo", "git", "https://gitlab.com/org/repo.git", ""},
		{"bitbucket.org/org/repo", "git", "https://bitbucket.org/org/repo.git", ""},
		{"git@github.com:org/repo.git", "git", "ssh://git@github.com/org/repo.git", ""},
		{"git::git@github.com:org/repo.git//sub?ref=x", "git", "ssh://git@github.com/org/repo.git", "sub"},
		{"s3::https://s3.amazonaws.com/bucket/key", "s3", "https://s3.amazonaws.com/bucket/key", ""},
		{"s3.amazonaws.com/bucket/key", "s3", "https://s3.amazonaws.com/bucket/key", ""},
		{"bucket.s3.amazonaws.com/key", "s3", "https://bucket.s3.amazonaws.com/key", ""},
		{"bucket.s3-eu-west-1.amazonaws.com/key?version=1", "s3", "https://bucket.s3-eu-west-1.amazonaws.com/key", ""},
		{"s3::http://minio:9000/bucket/key", "s3", "http://minio:9000/bucket/key", ""},
		{"https://dl.dropboxusercontent.com/u/1234/binary.bin", "http", "https://dl.dropboxusercontent.com/u/1234/binary.bin", ""},
		{"http://s3.internal.net/consumer-dotnet.zip", "http", "http://s3.internal.net/consumer-dotnet.zip", ""},
	}
	for _, each := range cases {
		found, err := parseSource(each.source, nil)
		if err != nil {
			t.Errorf("%s: %v", each.source, err)
			continue
		}
		if found.getter != each.getter || found.url.String() != each.url || found.subdirectory != each.subdirectory {
			t.Errorf("%s: got %s %s %s", each.source, found.getter, found.url, found.subdirectory)
		}
	}
}

func TestSourcesThatAreRefused(t *testing.T) {
	cases := []struct{ source, reason string }{
		{"file:///etc/passwd", "not allowed"},
		{"FILE:///etc/passwd", "not allowed"},
		{"file::https://x/y", "not allowed"},
		{"/etc/passwd", "not allowed"},
		{"./x", "not allowed"},
		{"git::file:///srv/repo", `does not fetch over "file"`},
		{"git::/srv/repo", "no scheme"},
		{"git::ext::sh -c id", "more than one getter"},
		{"git::ext://x", `does not fetch over "ext"`},
		{"git::git://host/r", `does not fetch over "git"`},
		{"git::--upload-pack=id", "no scheme"},
		{"git::ssh://-oProxyCommand=id/r", "not possible"},
		{"git::ssh://-x@host/r", "not possible"},
		{"hg::https://host/r", `"hg" is not supported`},
		{"gcs::https://www.googleapis.com/storage/v1/b/k", `"gcs" is not supported`},
		{"www.googleapis.com/storage/v1/b/k", `"gcs" is not supported`},
		{"ftp://host/x", `scheme "ftp"`},
		{"https:///x", "names no host"},
		{"https://host/x\ny", "control character"},
		{"https://user:pa ss@host:bad/x", "is not a URL"},
		{"github.com/org", "<owner>/<repository>"},
		{"github.com/org/repo/sub", "double slash"},
		{"https://host/..", `ends in ".."`},
		{"https://host/a%2f..", `ends in ".."`},
		{"https://host/a?checksum=a&checksum=b", "given twice"},
		{"https://host/a?filename=../x", "not a file's name"},
	}
	for _, each := range cases {
		_, err := parseSource(each.source, nil)
		if err == nil || !strings.Contains(err.Error(), each.reason) {
			t.Errorf("%s: got %v, not %q", each.source, err, each.reason)
		}
	}
	if _, err := parseSource("https://host/a?checksum=1", map[string]string{"checksum": "2"}); err == nil {
		t.Error("a second checksum was taken")
	}
}

func TestPlaces(t *testing.T) {
	cases := []struct{ destination, mode, volume, path, reason string }{
		{"", "any", "local", ".", ""},
		{"local/", "any", "local", ".", ""},
		{"local", "any", "local", ".", ""},
		{"local/a/../b/", "any", "local", "b", ""},
		{"/local/a", "any", "local", "a", ""},
		{"secrets/x", "any", "secrets", "x", ""},
		{"tmp", "any", "tmp", ".", ""},
		{"alloc/x", "any", "alloc", "x", ""},
		{"../alloc", "any", "alloc", ".", ""},
		{"../alloc/data/x", "any", "alloc", "data/x", ""},
		{"../web/local/x", "any", "local", "x", ""},
		{"local/../../alloc/x", "any", "alloc", "x", ""},
		{"local/", "file", "local", "name", ""},
		{"local/x", "file", "local", "x", ""},
		{"", "file", "local", "name", ""},
		{"../other/local", "any", "", "", escapesText},
		{"..", "any", "", "", escapesText},
		{"../..", "any", "", "", escapesText},
		{"../../x", "any", "", "", escapesText},
		{"../../web/local", "any", "", "", escapesText},
		{"/../../etc", "any", "", "", escapesText},
		{"../alloc/../../x", "any", "", "", escapesText},
		{"bin/", "any", "", "", "local/bin"},
		{".", "any", "", "", "cannot be written"},
		{"/", "any", "", "", "cannot be written"},
		{"etc/passwd", "file", "", "", "cannot be written"},
		{"local/\x00", "any", "", "", "NUL"},
	}
	for _, each := range cases {
		found, err := placeOf(each.destination, "web", each.mode, "name")
		if each.reason != "" {
			if err == nil || !strings.Contains(err.Error(), each.reason) {
				t.Errorf("%q: got %v %v, not %q", each.destination, found, err, each.reason)
			}
			continue
		}
		if err != nil || found != (place{each.volume, each.path}) {
			t.Errorf("%q: got %v %v", each.destination, found, err)
		}
	}
}

func TestWhatPeopleSeeOfASource(t *testing.T) {
	cases := []struct{ source, display string }{
		{"https://host/a.zip", "https://host/a.zip"},
		{"https://host/a.zip?ref=v1", "https://host/a.zip?ref=v1"},
		{"https://user:pass@host/a", "https://REDACTED@host/a"},
		{"https://token@host/a", "https://REDACTED@host/a"},
		{"https://user:p@ss/w@host/a", "https://REDACTED@host/a"},
		{"git::https://user:pass@host/r//sub?ref=x", "git::https://REDACTED@host/r//sub?ref=x"},
		{"git@github.com:org/repo.git", "git@github.com:org/repo.git"},
		{"git::ssh://git@host/r?sshkey=abc", "git::ssh://git@host/r?sshkey=REDACTED"},
		{"s3::https://s3.amazonaws.com/b/k?aws_access_key_id=A&aws_access_key_secret=B&region=eu", "s3::https://s3.amazonaws.com/b/k?aws_access_key_id=REDACTED&aws_access_key_secret=REDACTED&region=eu"},
		{"https://host/a?X-Amz-Signature=1&X-Amz-Date=2", "https://host/a?X-Amz-Signature=REDACTED&X-Amz-Date=2"},
		{"https://host/a?%74oken=1", "https://host/a?%74oken=REDACTED"},
		{"https://host/a?x=1;token=2", "https://host/a?x=1&token=REDACTED"},
	}
	for _, each := range cases {
		if display := displayOf(each.source); display != each.display {
			t.Errorf("%s is shown as %s", each.source, display)
		}
	}
}

func TestSecretsAreSweptOutOfErrors(t *testing.T) {
	block := artifact{
		Source:  "https://anna:pass%20word@host/a?token=q%2Bv",
		Options: map[string]string{"sshkey": "optionkey"}, Headers: map[string]string{"X-Any": "headervalue"},
	}
	secrets := secretsOf(block, map[string][]byte{"aws_secret_access_key": []byte("awssecret\n"), "header.X": []byte("fromsecret")})
	text := "pass%20word, pass word, pass+word, q%2Bv, q+v, optionkey, headervalue, awssecret, fromsecret\x1b[2J"
	if swept := sweep(text, secrets); swept != strings.Repeat("REDACTED, ", 8)+"REDACTED [2J" {
		t.Errorf("it became %q", swept)
	}
}

func FuzzSources(f *testing.F) {
	for _, seed := range []string{"git::https://h/r//s?ref=x", "git@h:o/r", "s3.amazonaws.com/b/k", "file:///x", "https://u:p@h/x?checksum=md5:1", "git::ssh://-o@h", "a::b::c"} {
		f.Add(seed, "archive", "zip")
	}
	f.Fuzz(func(t *testing.T, text, option, value string) {
		found, err := parseSource(text, map[string]string{option: value})
		if err != nil {
			return
		}
		if scheme := strings.ToLower(found.url.Scheme); scheme != "http" && scheme != "https" && scheme != "ssh" {
			t.Errorf("%q fetches over %q", text, scheme)
		}
		if strings.HasPrefix(found.url.Hostname(), "-") || found.url.Hostname() == "" {
			t.Errorf("%q has the host %q", text, found.url.Hostname())
		}
		if found.fileName == ".." || found.fileName == "." || strings.ContainsAny(found.fileName, "/\x00") {
			t.Errorf("%q has the file name %q", text, found.fileName)
		}
		if found.url.User != nil {
			if password, _ := found.url.User.Password(); len(password) > 8 && strings.Contains(displayOf(text), password) {
				t.Errorf("%q is shown with its password: %q", text, displayOf(text))
			}
		}
	})
}

func FuzzDestinations(f *testing.F) {
	for _, seed := range []string{"local/", "../alloc/x", "../../x", "/local/../../etc", "a//b/./..", "..\\x"} {
		f.Add(seed, "web")
	}
	f.Fuzz(func(t *testing.T, destination, fileName string) {
		if strings.ContainsAny(fileName, "/\x00") || fileName == ".." || fileName == "." || fileName == "" {
			return
		}
		for _, mode := range []string{modeAny, modeFile} {
			found, err := placeOf(destination, "web", mode, fileName)
			if err != nil {
				continue
			}
			for _, part := range strings.Split(found.path, "/") {
				if part == ".." || part == "" {
					t.Errorf("%q leads to %q", destination, found.path)
				}
			}
		}
	})
}

func FuzzChecksums(f *testing.F) {
	f.Add("sha256:00", "SHA256 (x) = 00\n00  x\n")
	f.Fuzz(func(t *testing.T, option, text string) {
		for _, found := range []func() (checksum, error){
			func() (checksum, error) { return parseChecksum(option) },
			func() (checksum, error) { return findChecksum([]byte(text), "x") },
		} {
			sum, err := found()
			if err == nil && (len(sum.value) != checksumSizes[sum.kind] || sum.hash().Size() != len(sum.value)) {
				t.Errorf("%q gives %v", option, sum)
			}
		}
	})
}
