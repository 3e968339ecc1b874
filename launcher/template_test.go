package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// quickly is the limits of tests that wait.
func quickly() renderLimits {
	return renderLimits{run: 2 * time.Second, retry: 10 * time.Millisecond, patience: 300 * time.Millisecond, poll: 10 * time.Millisecond}
}

func templateOf(data, destination string) documentTemplate {
	return documentTemplate{
		Data: data, Destination: destination, ChangeMode: changeModeRestart, Perms: "0644",
		LeftDelimiter: "{{", RightDelimiter: "}}", UID: uint32(os.Getuid()), GID: uint32(os.Getgid()),
	}
}

func templatesIn(t *testing.T, root string, all ...documentTemplate) *templates {
	t.Helper()
	document := validDocument()
	document.Templates = all
	made, err := newTemplates(layout{root: root}, document)
	if err != nil {
		t.Fatal(err)
	}
	made.limit = quickly()
	return made
}

func testValues() map[string]string {
	return map[string]string{
		"GREETING": "hello", "NAME": "app", "NOMAD_TASK_DIR": "/local", "NOMAD_SECRETS_DIR": "/secrets",
		"NOMAD_ALLOC_DIR": "/alloc", "UP": "../../..", "PASSWORD": "hunter2",
	}
}

func TestTemplatesAreWrittenWhereNomadWritesThem(t *testing.T) {
	for _, test := range []struct{ destination, where, failure string }{
		{"local/app.conf", "local/app.conf", ""},
		{"/local/app.conf", "local/app.conf", ""},
		{"./local//x/./app.conf", "local/x/app.conf", ""},
		{"secrets/app.env", "secrets/app.env", ""},
		{"tmp/x", "tmp/x", ""},
		{"alloc/data/x", "alloc/data/x", ""},
		{"../alloc/data/x", "alloc/data/x", ""},
		{"local/../../alloc/x", "alloc/x", ""},
		{"../web/local/x", "local/x", ""},
		{"${NOMAD_SECRETS_DIR}/x", "secrets/x", ""},
		{"${NOMAD_TASK_DIR}/${NAME}.conf", "local/app.conf", ""},
		{"${NOMAD_ALLOC_DIR}/x", "alloc/x", ""},
		{"local/${UNKNOWN}", "local/${UNKNOWN}", ""},
		{"local/$GREETING", "local/$GREETING", ""},
		{"local/${GREETING}/../x", "local/x", ""},
		{"local/${UP}/x", "", "template destination path escapes alloc directory"},
		{"../x", "", "another task's directory"},
		{"../other/local/x", "", "another task's directory"},
		{"../../x", "", "template destination path escapes alloc directory"},
		{"..", "", "template destination path escapes alloc directory"},
		{"../alloc/../../x", "", "another task's directory"},
		{"../alloc/../../../x", "", "template destination path escapes alloc directory"},
		{"/../../etc/passwd", "", "template destination path escapes alloc directory"},
		{"etc/app.conf", "", "read-only"},
		{"/etc/passwd", "", "read-only"},
		{"local/../etc/passwd", "", "read-only"},
		{"nomad-bridge/task.json", "", "read-only"},
		{"proc/self/mem", "", "read-only"},
		{"app.conf", "", "use local/app.conf"},
		{"local", "", "is a directory"},
		{"local/", "", "is a directory"},
		{"local/x/", "", "is a directory"},
		{"", "", "is the task's directory"},
		{"local/a\x00b", "", "NUL"},
	} {
		root := taskRoot(t)
		_, err := templatesIn(t, root, templateOf("made", test.destination)).render(testValues())
		if test.failure != "" {
			if err == nil || !strings.HasPrefix(err.Error(), "Template failed: ") || !strings.Contains(err.Error(), test.failure) {
				t.Errorf("%q gives %v; want %q", test.destination, err, test.failure)
			}
			if made, _ := filepath.Glob(root + "/*/*"); len(made) != 0 {
				t.Errorf("%q made %v", test.destination, made)
			}
			continue
		}
		if err != nil || readAt(t, filepath.Join(root, test.where)) != "made" {
			t.Errorf("%q gives %v", test.destination, err)
		}
	}
}

func TestPermsAreThoseOfFilesAlone(t *testing.T) {
	root := taskRoot(t)
	for perms, mode := range map[string]os.FileMode{"0644": 0o644, "600": 0o600, "4755": 0o755, "1777": 0o777} {
		of := templateOf("x", "local/"+perms)
		of.Perms = perms
		if _, err := templatesIn(t, root, of).render(nil); err != nil {
			t.Fatal(err)
		}
		if about, err := os.Stat(filepath.Join(root, "local", perms)); err != nil || about.Mode() != mode {
			t.Errorf("%s makes %v, %v", perms, about.Mode(), err)
		}
	}
}

func TestTemplatesThatCannotBeAreRefusedBeforeTheyAreRendered(t *testing.T) {
	for want, change := range map[string]func(*documentTemplate){
		`"rw-r--r--", which is not an octal mode`: func(of *documentTemplate) { of.Perms = "rw-r--r--" },
		`"SIGNONE", which is not a signal`:        func(of *documentTemplate) { of.ChangeMode, of.ChangeSignal = changeModeSignal, "SIGNONE" },
	} {
		document := validDocument()
		document.Templates = []documentTemplate{templateOf("x", "local/x")}
		change(&document.Templates[0])
		if _, err := newTemplates(layout{root: taskRoot(t)}, document); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("it is %v; want %q", err, want)
		}
	}
}

func TestEnvTemplatesAreVariablesAndFiles(t *testing.T) {
	root := taskRoot(t)
	first := templateOf("# first\nA=1\nexport B=\"two {{ env \"GREETING\" }}\\n\"\nC='{{ env \"NAME\" }}'\n", "secrets/first.env")
	second := templateOf("A=2", "local/second.env")
	third := templateOf("D=not a variable", "local/third")
	first.Env, second.Env = true, true
	made := templatesIn(t, root, first, second, third)
	extra, err := made.render(testValues())
	want := "map[A:2 B:two hello\n C:app]"
	if err != nil || fmt.Sprint(extra) != want || fmt.Sprint(made.environment()) != want {
		t.Errorf("extra is %v, %v; want %s", extra, err, want)
	}
	if readAt(t, filepath.Join(root, "local/second.env")) != "A=2" {
		t.Error("the file is not written")
	}
}

func TestAnEnvTemplateThatIsNoneFailsWithoutItsText(t *testing.T) {
	of := templateOf("OK=1\n{{ env \"PASSWORD\" }}", "secrets/x")
	of.Env = true
	root := taskRoot(t)
	_, err := templatesIn(t, root, of).render(testValues())
	if err == nil || !strings.Contains(err.Error(), `"secrets/x" is not a file of NAME=value lines: error on line 2: missing =`) ||
		strings.Contains(err.Error(), "hunter2") {
		t.Errorf("it is %v", err)
	}
}

func TestATemplateCanComeFromAFile(t *testing.T) {
	root := taskRoot(t)
	writeAt(t, filepath.Join(root, "local/app.tpl"), "<<env \"GREETING\">> {{ }}")
	of := templateOf("", "local/app")
	of.Source, of.LeftDelimiter, of.RightDelimiter = "${NOMAD_TASK_DIR}/${NAME}.tpl", "<<", ">>"
	if _, err := templatesIn(t, root, of).render(testValues()); err != nil || readAt(t, filepath.Join(root, "local/app")) != "hello {{ }}" {
		t.Errorf("it is %v", err)
	}
	for source, want := range map[string]string{
		"local/absent": "the source /local/absent cannot be read", "../../x": "template source path escapes alloc directory",
		"/etc/passwd": "template source path",
	} {
		of.Source = source
		if _, err := templatesIn(t, root, of).render(testValues()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v; want %q", source, err, want)
		}
	}
	writeAt(t, filepath.Join(root, "local/app.tpl"), "<<nope>>")
	of.Source = "local/app.tpl"
	const want = `Template failed: /local/app.tpl: parse: template: :1: function "nope" not defined`
	if _, err := templatesIn(t, root, of).render(testValues()); err == nil || err.Error() != want {
		t.Errorf("it is %v; want %s", err, want)
	}
}

func TestFileReadsOnlyTheTasksDirectories(t *testing.T) {
	root, _ := plantOutside(t)
	writeAt(t, filepath.Join(root, "etc/passwd"), "root")
	for path, want := range map[string]string{
		"/etc/passwd": "cannot be used", "etc/passwd": "cannot be used", "../../etc/passwd": "file path escapes alloc directory",
		"/local/../../../etc/passwd": "file path escapes alloc directory", "/proc/1/environ": "cannot be used",
		"local/up/passwd": "link", "/local/secret": "link", "local/pipe": "not a regular file",
		"/nomad-bridge/task.json": "cannot be used",
	} {
		_, err := templatesIn(t, root, templateOf(fmt.Sprintf(`{{ file %q }}`, path), "local/result")).render(nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("file %q gives %v; want %q", path, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "local/result")); err == nil {
		t.Error("a template that failed was written")
	}
}

func TestOneTemplateReadsWhatALaterOneWrites(t *testing.T) {
	root := taskRoot(t)
	made := templatesIn(t, root, templateOf(`[{{ file "local/b" }}]`, "local/a"), templateOf(`b`, "local/b"))
	if _, err := made.render(nil); err != nil || readAt(t, filepath.Join(root, "local/a")) != "[b]" {
		t.Errorf("it is %v", err)
	}
}

func TestAMissingFileIsWaitedForAndThenFailsTheStart(t *testing.T) {
	root := taskRoot(t)
	made := templatesIn(t, root, templateOf(`[{{ file "alloc/late" }}]`, "local/a"))
	_, err := made.render(nil)
	if err == nil || !strings.Contains(err.Error(), "/alloc/late does not exist, even after 300ms") {
		t.Fatalf("it is %v", err)
	}
	made.limit.patience = patience
	failed := make(chan error, 1)
	go func() {
		_, err := made.render(nil)
		failed <- err
	}()
	time.Sleep(30 * time.Millisecond)
	writeAt(t, filepath.Join(root, "alloc/late.new"), "late")
	if err := os.Rename(filepath.Join(root, "alloc/late.new"), filepath.Join(root, "alloc/late")); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err != nil || readAt(t, filepath.Join(root, "local/a")) != "[late]" {
		t.Errorf("it is %v", err)
	}
}

func TestAnEndlessTemplateEnds(t *testing.T) {
	made := templatesIn(t, taskRoot(t), templateOf(`{{ range 1000000000000 }}{{ end }}`, "local/a"))
	made.limit.run = 50 * time.Millisecond
	if _, err := made.render(nil); err == nil || !strings.Contains(err.Error(), "it ran longer than 50ms") {
		t.Errorf("it is %v", err)
	}
}
