package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func documentText(t testing.TB, document taskDocument) []byte {
	t.Helper()
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestDocumentIsReadWhole(t *testing.T) {
	document := validDocument()
	document.Users = map[string]userEntry{"app": {UID: 1000, GID: 100, Home: "/home/app"}}
	text := documentText(t, document)
	parsed, err := parseDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	if again := documentText(t, parsed); string(again) != string(text) {
		t.Errorf("read as %s, written as %s", again, text)
	}
}

func TestDocumentsThatAreRefused(t *testing.T) {
	valid := string(documentText(t, validDocument()))
	cases := []struct{ name, old, new, message string }{
		{"empty", valid, "", "has no object"},
		{"too long", valid, valid + strings.Repeat(" ", maxDocumentBytes), "longer than"},
		{"other version", `"version":1`, `"version":2`, "version is 2"},
		{"field missing", `"command":"/bin/sleep",`, ``, `has no "command"`},
		{"field null", `"env":{`, `"env":null,"x":{`, `has null at ".env"`},
		{"field unknown", `"task":"web"`, `"task":"web","more":1`, `unknown field "more"`},
		{"field in another case", `"task":"web"`, `"Task":"web"`, `has no "task"`},
		{"field of restart missing", `"attempts":2,`, ``, `has no "attempts" at ".restart"`},
		{"empty command", `"/bin/sleep"`, `""`, `command is ""`},
		{"user with a line end", `"nobody"`, `"no\nbody"`, `user is`},
		{"argument with NUL", `"1000"`, `"\u0000"`, "NUL"},
		{"variable with =", `"GREETING"`, `"A=B"`, `"A=B" cannot be set`},
		{"capability unknown", `"CAP_CHOWN"`, `"CAP_FLY"`, `"CAP_FLY" is not a capability`},
		{"work_dir relative", `"workDir":"/"`, `"workDir":"local"`, "must be absolute"},
		{"work_dir with ..", `"workDir":"/"`, `"workDir":"/local/../etc"`, "must be absolute"},
		{"kill signal unknown", `"SIGINT"`, `"SIGNONE"`, `"SIGNONE" is not a signal`},
		{"kill timeout negative", `"killTimeoutMs":5000`, `"killTimeoutMs":-1`, "killTimeoutMs is -1"},
		{"mode unknown", `"mode":"fail"`, `"mode":"never"`, `restart.mode is "never"`},
		{"attempts negative", `"attempts":2`, `"attempts":-1`, "restart.attempts is -1"},
		{"driver unknown", `"driver":"exec"`, `"driver":"docker"`, `driver is "docker"`},
		{"hook unknown", `"hook":""`, `"hook":"during"`, `lifecycle.hook is "during"`},
		{"no log file", `"maxFiles":10`, `"maxFiles":0`, "logs keep 0 files"},
		{"field of a list's entry missing", `"templates":[]`, `"templates":[{"data":"x"}]`, `has no "source" at ".templates[0]"`},
		{"denied ids that are none", `"deniedUids":""`, `"deniedUids":"7-5"`, `"7-5" is not an id`},
		{"uid that means none", `"users":{}`, `"users":{"a":{"uid":4294967295,"gid":1,"home":""}}`, "4294967295"},
		{"user without a uid", `"users":{}`, `"users":{"a":{"gid":1}}`, `has no "uid" at ".users.a"`},
		{"denied network that is none", `"denyNetworks":[]`, `"denyNetworks":["10.0.0.1","fd00::/8","[fd00::1]:6443","api:6443"]`, `has "api:6443"`},
		{"wrong type", `"args":["1000"]`, `"args":"1000"`, "no list"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(valid, c.old, c.new, 1)
			if text == valid {
				t.Fatal("the case changes nothing")
			}
			if _, err := parseDocument([]byte(text)); err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("error %v, want %q", err, c.message)
			}
		})
	}
}

// FuzzDocument: what is accepted can be used: it reads the same again, and its parts parse.
func FuzzDocument(f *testing.F) {
	f.Add(documentText(f, validDocument()))
	f.Add([]byte(`{"version":1,"restart":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		document, err := parseDocument(text)
		if err != nil {
			return
		}
		if !isCleanAbsolute(document.WorkDir) || document.Command == "" {
			t.Fatalf("accepted %+v", document)
		}
		if len(text) < maxDocumentBytes/8 {
			if _, err := parseDocument(documentText(t, document)); err != nil {
				t.Fatalf("does not read again: %v", err)
			}
		}
	})
}
