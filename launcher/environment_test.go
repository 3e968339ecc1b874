package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nomad-bridge/nomad-bridge/launcher/interpolation"
	"github.com/nomad-bridge/nomad-bridge/launcher/users"
)

func testFacts() podFacts {
	return podFacts{uid: testPodUID, user: users.User{Name: "nobody", Home: "/nonexistent"}, cores: "0-1,3", parentCgroup: "/kubepods"}
}

func TestTaskEnvironment(t *testing.T) {
	node := &interpolation.NodeRecord{ID: "i", Name: "worker-1", Class: "big", Attributes: map[string]string{"cpu.arch": "amd64"}, Meta: map[string]string{"rack": "r1"}}
	cases := []struct {
		name         string
		env, taskEnv map[string]string
		extra        map[string]string
		want         map[string]string
	}{
		{name: "what only the pod knows", want: map[string]string{
			"NOMAD_ALLOC_ID": testPodUID, "NOMAD_SHORT_ALLOC_ID": "0a1b2c3d", "HOME": "/nonexistent", "USER": "nobody", "LOGNAME": "nobody", "NOMAD_PARENT_CGROUP": "/kubepods", "NOMAD_CPU_CORES": ""}},
		{name: "the document wins over the pod", env: map[string]string{"USER": "u", "NOMAD_ALLOC_ID": "x"}, want: map[string]string{"USER": "u", "NOMAD_ALLOC_ID": "x"}},
		{name: "the job wins over the document, NOMAD_ names too", env: map[string]string{"A": "1", "NOMAD_DC": "dc1"}, taskEnv: map[string]string{"A": "2", "NOMAD_DC": "mine"}, want: map[string]string{"A": "2", "NOMAD_DC": "mine"}},
		{name: "templates win over all, and are not interpolated", taskEnv: map[string]string{"A": "2"}, extra: map[string]string{"A": "${NOMAD_DC}", "B": "b"}, env: map[string]string{"NOMAD_DC": "dc1"}, want: map[string]string{"A": "${NOMAD_DC}", "B": "b"}},
		{name: "cores that are asked for", env: map[string]string{"NOMAD_CPU_CORES": ""}, want: map[string]string{"NOMAD_CPU_CORES": "0-1,3"}},
		{name: "cores that are given", env: map[string]string{"NOMAD_CPU_CORES": "7"}, want: map[string]string{"NOMAD_CPU_CORES": "7"}},
		{name: "names in the job's env", env: map[string]string{"NOMAD_TASK_NAME": "web"}, taskEnv: map[string]string{"A": "${NOMAD_TASK_NAME}-${NOMAD_SHORT_ALLOC_ID}", "B": "$${NOMAD_TASK_NAME}", "C": "$NOMAD_TASK_NAME", "D": "${nope}"},
			want: map[string]string{"A": "web-0a1b2c3d", "B": "$web", "C": "$NOMAD_TASK_NAME", "D": "${nope}"}},
		{name: "values of the node", taskEnv: map[string]string{"A": "${node.unique.name} ${node.class} ${attr.cpu.arch} ${meta.rack}"}, want: map[string]string{"A": "worker-1 big amd64 r1"}},
		{name: "meta is interpolated", env: map[string]string{"NOMAD_META_a": "${NOMAD_DC}/${NOMAD_META_b}", "NOMAD_META_b": "${attr.cpu.arch}", "NOMAD_DC": "dc1"}, want: map[string]string{"NOMAD_META_a": "dc1/amd64", "NOMAD_META_b": "amd64"}},
		{name: "other values of the document are final", env: map[string]string{"NOMAD_JOB_NAME": "${NOMAD_DC}", "NOMAD_DC": "dc1"}, want: map[string]string{"NOMAD_JOB_NAME": "${NOMAD_DC}"}},
		{name: "a key that names another has its new value", env: map[string]string{"Z": "old"}, taskEnv: map[string]string{"A": "a${Z}", "Z": "z${M}", "M": "m"}, want: map[string]string{"A": "azm", "Z": "zm", "M": "m"}},
		{name: "a key that names itself has the old value", env: map[string]string{"PATH": "/bin"}, taskEnv: map[string]string{"PATH": "/local:${PATH}"}, want: map[string]string{"PATH": "/local:/bin"}},
		{name: "keys in a circle are taken in order", taskEnv: map[string]string{"A": "a${B}", "B": "b${A}"}, want: map[string]string{"A": "ab${A}", "B": "b${A}"}},
		{name: "a value is not interpolated twice", env: map[string]string{"X": "${Y}", "Y": "y"}, taskEnv: map[string]string{"A": "${X}"}, want: map[string]string{"A": "${Y}"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			document := validDocument()
			document.Env, document.TaskEnv = c.env, c.taskEnv
			facts := testFacts()
			facts.node = node
			got, err := taskEnvironment(document, facts, c.extra)
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range c.want {
				if value, ok := got[name]; !ok || value != want {
					t.Errorf("%s is %q (%v), want %q", name, value, ok, want)
				}
			}
		})
	}
}

func TestTaskEnvironmentIsTheSameEachTime(t *testing.T) {
	document := validDocument()
	document.TaskEnv = map[string]string{"A": "${B}${C}", "B": "b${D}${A}", "C": "c${E}", "D": "${C}d", "E": "e${B}", "F": "${F}${A}"}
	first, err := taskEnvironment(document, testFacts(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		again, err := taskEnvironment(document, testFacts(), nil)
		if err != nil || !maps.Equal(first, again) {
			t.Fatalf("%v, then %v (%v)", first, again, err)
		}
	}
}

func TestTaskEnvironmentHasABound(t *testing.T) {
	long := strings.Repeat("x", 1000)
	cases := map[string]map[string]string{
		"one variable":   {"A": strings.Repeat("${B}", 200), "B": long},
		"a chain":        {"A": strings.Repeat("${B}", 50), "B": strings.Repeat("${C}", 50), "C": strings.Repeat("${D}", 50), "D": strings.Repeat("${E}", 50), "E": long},
		"all altogether": {},
	}
	for i := range 12 {
		cases["all altogether"]["A"+string(rune('A'+i))] = strings.Repeat("${X}", 100)
	}
	cases["all altogether"]["X"] = long
	for name, taskEnv := range cases {
		document := validDocument()
		document.TaskEnv = taskEnv
		if _, err := taskEnvironment(document, testFacts(), nil); err == nil || !strings.Contains(err.Error(), "bytes") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConfigTexts(t *testing.T) {
	values := interpolation.Values{Env: map[string]string{"NOMAD_TASK_DIR": "/local", "A": "a"}}
	cases := []struct {
		name, command, workDir string
		args                   []string
		bare, unescaped        bool
		want                   []string
		err                    string
	}{
		{name: "all three", command: "${NOMAD_TASK_DIR}/run", workDir: "${NOMAD_TASK_DIR}", args: []string{"-x", "${A}", "${1 + 1}"}, want: []string{"/local/run", "/local", "-x", "a", "2"}},
		{name: "unknown in args", command: "c", workDir: "/", args: []string{"${X}"}, err: `failed to parse config: Unknown variable; There is no variable named "X".`},
		{name: "unknown in command", command: "${X}", workDir: "/", err: `failed to parse config: Unknown variable; There is no variable named "X".`},
		{name: "unknown in work_dir", command: "c", workDir: "/${X}", err: `failed to parse config: Unknown variable; There is no variable named "X".`},
		{name: "escaped once", command: "c", workDir: "/", args: []string{"$${X}"}, err: `failed to parse config: Unknown variable; There is no variable named "X".`},
		{name: "escaped twice", command: "c", workDir: "/", args: []string{"$$${X}"}, want: []string{"c", "/", "${X}"}},
		{name: "escaped twice in a job file, which a Nomad client has read once", command: "c", workDir: "/", args: []string{"$${X}", "%%{ if"}, unescaped: true, want: []string{"c", "/", "${X}", "%{ if"}},
		{name: "escaped once in a job file, which a Nomad client has read once", command: "c", workDir: "/", args: []string{"${X}"}, unescaped: true, err: `failed to parse config: Unknown variable; There is no variable named "X".`},
		{name: "no shell variables", command: "c", workDir: "/", args: []string{"$A"}, want: []string{"c", "/", "$A"}},
		{name: "bare variables", command: "$NOMAD_TASK_DIR/run", workDir: "/", args: []string{"$A${A}$X${X}", "${1 + 1}"}, bare: true, want: []string{"/local/run", "/", "aa$X${X}", "${1 + 1}"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := configTexts(append([]string{c.command, c.workDir}, c.args...), taskDocument{BareVariables: c.bare, Unescaped: c.unescaped}, values)
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Errorf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil || strings.Join(got, "|") != strings.Join(c.want, "|") {
				t.Errorf("%q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestCheckWorkPath(t *testing.T) {
	for path, want := range map[string]string{
		"/": "", "/local/x": "",
		"foo":        `failed driver config validation: work_dir must be absolute but got relative path "foo"`,
		"/local/../": `failed driver config validation: work_dir "/local/../" contains "..": write the path that it resolves to`,
	} {
		err := checkWorkPath(path)
		if err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("%q: %v, want %q", path, err, want)
		}
	}
}

func TestAPlanTakesTheEnvironmentOfTheRunningTask(t *testing.T) {
	document := validDocument()
	document.User, document.Args = "nobody", []string{"${ONLY_THERE}"}
	plan, err := spawnRequest{places: standardLayout(), document: document, podUID: testPodUID, environment: []string{"ONLY_THERE=yes=no", "PATH=/x"}}.plan()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(plan.environment, " "); got != "ONLY_THERE=yes=no PATH=/x" {
		t.Errorf("environment %q", got)
	}
	if plan.args[0] != "yes=no" || plan.variable("PATH") != "/x" || plan.variable("NOPE") != "" {
		t.Errorf("args %q, PATH %q", plan.args, plan.variable("PATH"))
	}
}

func TestAnExecSessionDoesNotLookAtTheTasksArguments(t *testing.T) {
	document := validDocument()
	document.Args, document.WorkDir = []string{"${FROM_A_TEMPLATE}"}, "${WHERE}"
	document.TaskEnv = map[string]string{"WHERE": "/usr", "PATH": "/nowhere:${PATH}"}
	c := openSession(t, document)
	c.start(startMessage{Argv: []string{"sh", "-c", "pwd; echo $PATH"}, Policy: policyHangup})
	if code := c.exit(); code.Code != 0 || c.stdout.String() != "/usr\n/nowhere:/usr/local/bin:/usr/bin:/bin\n" {
		t.Errorf("exit %+v, output %q", code, c.stdout.String())
	}
}

func TestParentCgroup(t *testing.T) {
	for groups, want := range map[string]string{
		"":                       "",
		"0::/\n":                 "/",
		"0::/kubepods/pod1/c1\n": "/kubepods/pod1",
		"12:cpu:/a/b\n4:memory:/kubepods/pod1/c1\n0::/x/y\n": "/kubepods/pod1",
		"nonsense\n": "",
	} {
		if got := parentCgroupIn(groups); got != want {
			t.Errorf("%q: %q, want %q", groups, got, want)
		}
	}
}

func TestTheCPUsOfThisProcessAreKnown(t *testing.T) {
	if got := allowedCPUs(); got == "" || strings.Trim(got, "0123456789,-") != "" {
		t.Errorf("cpus %q", got)
	}
}

const testNodeRecord = `{"id":"4f1c","name":"worker-1","datacenter":"dc1","region":"global","class":"","pool":"default","attributes":{"cpu.arch":"amd64"},"meta":{}}`

func writeNodeRecord(t *testing.T, directory, name, text string) {
	t.Helper()
	if err := os.MkdirAll(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestANodeRecordThatComesLaterIsAwaited(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "nodes")
	time.AfterFunc(600*time.Millisecond, func() { writeNodeRecord(t, directory, "worker-1", testNodeRecord) })
	record, err := awaitNodeRecord(directory, "worker-1")
	if err != nil || record.ID != "4f1c" {
		t.Errorf("%+v, %v", record, err)
	}
}

func TestANodeNameThatIsAPathIsRefused(t *testing.T) {
	for _, name := range []string{"", ".", "..", "../x", "a/b"} {
		if _, err := awaitNodeRecord(t.TempDir(), name); err == nil || !strings.Contains(err.Error(), "no name of a node") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestARunSeesValuesOfItsNode(t *testing.T) {
	needRoot(t)
	document := validDocument()
	document.Command, document.Args, document.NodeValues = "/bin/echo", []string{"${node.unique.name}", "${attr.cpu.arch}", "${GREETING}"}, true
	document.TaskEnv = map[string]string{"GREETING": "from ${node.datacenter}"}
	directory := testPlaces(t, document)
	writeNodeRecord(t, filepath.Join(directory, "nodes"), "worker-1", testNodeRecord)
	command := launcher(t, directory, "run")
	command.Env = append(command.Env, nodeNameEnv+"=worker-1")
	output, err := command.Output()
	if want := "worker-1 amd64 from dc1\n"; string(output) != want {
		t.Errorf("output %q (%v), want %q", output, err, want)
	}
}

func TestARunWithoutItsNodesRecordIsStartedAgain(t *testing.T) {
	needRoot(t)
	document := validDocument()
	document.Command, document.Args, document.NodeValues = "/bin/echo", []string{"${node.unique.name}"}, true
	directory := testPlaces(t, document)
	run := func() (string, int) {
		command := launcher(t, directory, "run")
		command.Env = append(command.Env, nodeNameEnv+"=worker-1")
		output, _ := command.Output()
		return string(output), command.ProcessState.ExitCode()
	}
	if output, code := run(); output != "" || code != exitTryAgain {
		t.Errorf("output %q, exit code %d", output, code)
	}
	message, err := os.ReadFile(filepath.Join(directory, "termination-log"))
	if err != nil || !strings.Contains(string(message), `"reason":"exited"`) || !strings.Contains(string(message), "record of this pod's node") {
		t.Errorf("message %s, %v", message, err)
	}
	writeNodeRecord(t, filepath.Join(directory, "nodes"), "worker-1", testNodeRecord)
	if output, _ := run(); output != "worker-1\n" {
		t.Errorf("the second run says %q", output)
	}
}
