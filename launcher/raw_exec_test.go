package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/nomad-bridge/nomad-bridge/launcher/users"
)

// onNode is a document of raw_exec as the controller writes it.
func onNode(script string) taskDocument {
	document := shell(script)
	document.Driver, document.User, document.AllowRoot, document.Capabilities = driverRawExec, "root", true, []string{}
	document.Env["NOMAD_TASK_DIR"], document.Env["NOMAD_ALLOC_DIR"], document.Env["NOMAD_SECRETS_DIR"] = "/local", "/alloc", "/secrets"
	document.Restart.Attempts = 0
	return document
}

func runOnNode(t *testing.T, document taskDocument) *runOf {
	t.Helper()
	directory := testPlaces(t, document)
	return startRunWith(t, directory, launcherOnNode(t, directory, "run"))
}

func TestRawExecRunsOnTheNode(t *testing.T) {
	r := runOnNode(t, onNode(`cat /mnt/node; id; pwd; echo $NOMAD_TASK_DIR $NOMAD_ALLOC_DIR $NOMAD_SECRETS_DIR $HOME
		echo kept > local/file && cat $NOMAD_TASK_DIR/file; stat -f -c %T $NOMAD_SECRETS_DIR; ls -d alloc/logs secrets/; grep -E "Cap(Eff|Bnd)" /proc/self/status`))
	code := r.exitCode()
	volumes := r.directory + "/pods/" + testPodUID + "/volumes"
	want := "the node\nuid=0(root) gid=0(root) groups=0(root)\n" + r.directory + "/state/task\n" +
		volumes + "/local " + volumes + "/alloc " + volumes + "/secrets /root\nkept\ntmpfs\nalloc/logs\nsecrets/\n"
	got, capabilities, _ := strings.Cut(r.stdout(), "CapEff:\t")
	if code != 0 || got != want {
		t.Errorf("exit %d, stderr %q, stdout\n%s\nwant\n%s", code, r.complaint(), got, want)
	}
	const sysAdmin = 1 << 21
	effective, bounding, _ := strings.Cut(strings.TrimSpace(capabilities), "\nCapBnd:\t")
	if held, err := strconv.ParseUint(effective, 16, 64); err != nil || held&sysAdmin == 0 || effective != bounding {
		t.Errorf("the task holds %q", capabilities)
	}
	if text, err := os.ReadFile(filepath.Join(volumes, "local/file")); err != nil || string(text) != "kept\n" {
		t.Errorf("on the node: %q, %v", text, err)
	}
}

func TestRawExecGivesAUserItsGroupsAndNoCapabilities(t *testing.T) {
	document := onNode(`id; pwd; grep -E 'Cap(Eff|Prm|Amb)' /proc/self/status; echo mine > local/file; cat $NOMAD_TASK_DIR/file
		cd $NOMAD_TASK_DIR/../../../..; ls; ls -A $NOMAD_TASK_DIR/..; touch $NOMAD_ALLOC_DIR/../x 2>/dev/null || echo no more`)
	document.User = "app"
	r := runOnNode(t, document)
	code := r.exitCode()
	const none = "0000000000000000"
	want := "uid=4321(app) gid=50(staff) groups=50(staff),600(web),601(mail)\n" + r.directory + "/state/task\n" +
		"CapPrm:\t" + none + "\nCapEff:\t" + none + "\nCapAmb:\t" + none + "\nmine\npods\nstate\nalloc\nlocal\nsecrets\nno more\n"
	if got := r.stdout(); code != 0 || got != want {
		t.Errorf("exit %d, stderr %q, stdout\n%s\nwant\n%s", code, r.complaint(), got, want)
	}
	kept := filepath.Join(r.directory, "pods", testPodUID, "volumes/local/file")
	if text, err := os.ReadFile(kept); err != nil || string(text) != "mine\n" {
		t.Errorf("on the node: %q, %v", text, err)
	}
}

func TestRawExecOfAUserStartsAgain(t *testing.T) {
	document := onNode(`echo start >> local/log; grep -c start $NOMAD_TASK_DIR/log; sleep 1000`)
	document.User = "app"
	r := runOnNode(t, document)
	r.untilStdout("1\n")
	if output, err := r.control("restart"); err != nil {
		t.Fatalf("%v: %s, %s", err, output, r.complaint())
	}
	r.untilStdout("2\n")
}

func TestRawExecStartsWhereTheTaskAsks(t *testing.T) {
	document := onNode("pwd; cat node")
	document.WorkDir = "/mnt"
	r := runOnNode(t, document)
	if code := r.exitCode(); code != 0 || r.stdout() != "/mnt\nthe node\n" {
		t.Errorf("exit %d, stdout %q, stderr %q", code, r.stdout(), r.complaint())
	}
}

func TestRawExecFailuresHaveNomadsTexts(t *testing.T) {
	cases := []struct {
		name, message string
		change        func(*taskDocument)
	}{
		{name: "no such program", message: `binary "no-such-program" could not be found`, change: func(d *taskDocument) { d.Command = "no-such-program" }},
		{name: "unknown user", message: `failed host user validation: failed to identify user "zorro": user: unknown user zorro`, change: func(d *taskDocument) { d.User = "zorro" }},
		{name: "root where it is not allowed", message: `running as user "root" is disallowed`, change: func(d *taskDocument) { d.AllowRoot = false }},
		{name: "no such directory", message: `failed to use work_dir "/no/such": no such file or directory`, change: func(d *taskDocument) { d.WorkDir = "/no/such" }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			document := onNode("true")
			c.change(&document)
			r := runOnNode(t, document)
			if code, got := r.exitCode(), r.message(); code != exitNoRestart || got.Message != c.message {
				t.Errorf("exit %d, message %+v", code, got)
			}
		})
	}
}

func TestRawExecWithoutTheNodesRootDoesNotStart(t *testing.T) {
	r := runDocument(t, onNode("true"))
	if code, got := r.exitCode(), r.message(); code != exitNoRestart || !strings.Contains(got.Message, "the node's root must be mounted at") {
		t.Errorf("exit %d, message %+v", code, got)
	}
}

func TestExecSessionsOfRawExecAreOnTheNode(t *testing.T) {
	for _, tty := range []bool{false, true} {
		directory := testPlaces(t, onNode("true"))
		c := openSessionWith(t, launcherOnNode(t, directory, "exec", "--session", testSession))
		c.start(startMessage{Argv: []string{"sh", "-c", "cat /mnt/node; pwd; echo $HOME; test -t 0 && stat -c %U $(tty); echo end"}, TTY: tty, Rows: 24, Cols: 80, Policy: policyHangup})
		c.untilOutput("end")
		want := "the node\n" + directory + "/state/task\n/root\nend\n"
		if tty {
			want = strings.Replace(want, "end", "root\nend", 1)
		}
		if got := strings.ReplaceAll(c.stdout.String(), "\r\n", "\n"); got != want {
			t.Errorf("tty %t: %q, want %q", tty, got, want)
		}
	}
}

func TestHostCommandsAreSearchedInNomadsOrder(t *testing.T) {
	cases := []struct {
		name, command, found string
		files                map[string]string
	}{
		{name: "local comes first", command: "run", files: map[string]string{"v/local/run": "x", "v/task/run": "x", "usr/bin/run": "x"}, found: "/v/local/run"},
		{name: "then the task's directory", command: "run", files: map[string]string{"v/task/run": "x", "usr/bin/run": "x"}, found: "/v/task/run"},
		{name: "through the directory's link", command: "local/run", files: map[string]string{"v/task/local": "->/v/local", "v/local/run": "x"}, found: "/v/task/local/run"},
		{name: "then the node", command: "/opt/run", files: map[string]string{"opt/run": "x"}, found: "/opt/run"},
		{name: "then the path", command: "run", files: map[string]string{"opt/bin/run": "x", "usr/bin/run": "x"}, found: "/opt/bin/run"},
		{name: "of the path, what can be run", command: "run", files: map[string]string{"opt/bin/run": "", "usr/bin/run": "x"}, found: "/usr/bin/run"},
		{name: "a link stays on the node", command: "run", files: map[string]string{"usr/bin/run": "->/opt/real", "opt/real": "x"}, found: "/usr/bin/run"},
		{name: "a link out is none", command: "run", files: map[string]string{"usr/bin/run": "->../../../../../../../../bin/sh"}},
		{name: "a directory is none", command: "run", files: map[string]string{"usr/bin/run/": ""}},
		{name: "a name with a slash is not looked for in the path", command: "bin/run", files: map[string]string{"usr/bin/run": "x"}},
		{name: "nowhere", command: "run", files: map[string]string{"usr/bin/": ""}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			host := hostSpawn{root: testRoot(t, c.files), directories: hostDirectories{task: "/v/task", local: "/v/local", alloc: "/v/alloc"}}
			found, err := host.findTaskCommand(c.command, "/opt/bin:/usr/bin")
			if c.found == "" {
				if want := `binary "` + c.command + `" could not be found`; err == nil || err.Error() != want {
					t.Errorf("found %q, error %v, want %q", found, err, want)
				}
				return
			}
			if err != nil || found != c.found {
				t.Errorf("found %q, error %v", found, err)
			}
		})
	}
}

func TestOnlyTheTasksOwnFilesBecomeExecutableOnTheNode(t *testing.T) {
	cases := []struct {
		name, command, file string
		files               map[string]string
		mode                os.FileMode
	}{
		{name: "its own", command: "run", file: "v/local/run", files: map[string]string{"v/local/run": ""}, mode: 0o755},
		{name: "by a link within", command: "local/run", file: "v/local/run", files: map[string]string{"v/task/local": "->/v/local", "v/local/run": ""}, mode: 0o755},
		{name: "the node's by a link", command: "run", file: "etc/shadow", files: map[string]string{"v/local/run": "->/etc/shadow", "etc/shadow": ""}, mode: 0o640},
		{name: "the node's", command: "/etc/shadow", file: "etc/shadow", files: map[string]string{"etc/shadow": ""}, mode: 0o640},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			root := testRoot(t, c.files)
			host := hostSpawn{root: root, directories: hostDirectories{task: "/v/task", local: "/v/local", alloc: "/v/alloc"}}
			if found, err := host.findTaskCommand(c.command, ""); err != nil {
				t.Errorf("%q, %v", found, err)
			}
			if about, err := os.Stat(filepath.Join(root, c.file)); err != nil || about.Mode() != c.mode {
				t.Errorf("%v, %v", about.Mode(), err)
			}
		})
	}
}

func TestSessionCommandsOnTheNode(t *testing.T) {
	host := hostSpawn{root: testRoot(t, map[string]string{"bin/tool": "x", "bin/text": "", "srv/here": "x", "srv/sub/": ""})}
	cases := []struct{ command, found, message string }{
		{command: "tool", found: "/bin/tool"},
		{command: "text", message: `"text": executable file not found in $PATH`},
		{command: "./here", found: "/srv/here"},
		{command: "/bin/tool", found: "/bin/tool"},
		{command: "/bin/text", message: `"/bin/text": permission denied`},
		{command: "./sub", message: `"/srv/sub": is a directory`},
		{command: "/none", message: `"/none": no such file or directory`},
		{command: "", message: "the command is empty"},
	}
	for _, c := range cases {
		found, err := host.findSessionCommand(c.command, "/sbin:/bin", "/srv")
		if c.message != "" && (err == nil || err.Error() != c.message) || c.message == "" && (err != nil || found != c.found) {
			t.Errorf("%q: found %q, error %v", c.command, found, err)
		}
	}
}

func TestHostUsers(t *testing.T) {
	root := testRoot(t, map[string]string{"etc/": ""})
	for name, text := range map[string]string{"passwd": nodePasswd, "group": nodeGroup} {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	app := users.User{Name: "app", UID: 4321, GID: 50, Home: "/home/app"}
	cases := []struct {
		name, user string
		change     func(*taskDocument)
		want       users.User
		groups     []uint32
		message    string
	}{
		{name: "of the node", user: "app", want: app, groups: []uint32{600, 601}},
		{name: "by number", user: "4321", want: app, groups: []uint32{600, 601}},
		{name: "of the table", user: "web", change: func(d *taskDocument) { d.Users["web"] = userEntry{UID: 7, GID: 8, Home: "/w"} }, want: users.User{Name: "web", UID: 7, GID: 8, Home: "/w"}},
		{name: "unknown number", user: "777", message: "unknown user 777"},
		{name: "a denied group of passwd", user: "app", change: func(d *taskDocument) { d.DeniedGIDs = "50" }, message: "running as gid 50 is disallowed"},
		{name: "a denied group of its others", user: "app", change: func(d *taskDocument) { d.DeniedGIDs = "601-700" }, message: "running as gid 601 is disallowed"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			document := onNode("true")
			document.User = c.user
			if c.change != nil {
				c.change(&document)
			}
			user, groups, err := resolveHostUser(root, document)
			if c.message != "" {
				if err == nil || !strings.HasSuffix(err.Error(), c.message) {
					t.Errorf("%+v, %v", user, err)
				}
				return
			}
			if err != nil || user != c.want || !reflect.DeepEqual(groups, c.groups) {
				t.Errorf("%+v, %v, %v", user, groups, err)
			}
		})
	}
}

func TestHostPathsFollowFromTheMounts(t *testing.T) {
	const uid = "0a1b2c3d-1111-4222-8333-444455556666"
	const usual = "/var/lib/kubelet/pods/" + uid + "/volumes/kubernetes.io~empty-dir/local"
	cases := []struct {
		name, mounts string
		want         []string
	}{
		{name: "one file system", mounts: "1 0 8:1 / /hr rw - e d rw\n2 0 8:1 /k/pods/" + uid + "/v/local /local rw - e d rw\n",
			want: []string{"/k/pods/" + uid + "/v/local", usual}},
		{name: "kubelet's own file system", mounts: "1 0 8:1 / /hr rw - e d rw\n2 1 8:2 / /hr/kubelet rw - e d rw\n3 0 8:2 /pods/x/local /local rw - e d rw\n",
			want: []string{"/kubelet/pods/x/local", usual}},
		{name: "in memory", mounts: "1 0 8:1 / /hr rw - e d rw\n2 1 0:50 / /hr/k/" + uid + "/secrets rw - tmpfs t rw\n3 0 0:50 / /local rw - tmpfs t rw\n4 1 0:51 / /hr/other rw - tmpfs t rw\n",
			want: []string{"/k/" + uid + "/secrets", usual}},
		{name: "a subvolume", mounts: "1 0 0:30 /@ /hr rw - btrfs d rw\n2 0 0:30 /@/k/local /local rw - btrfs d rw\n3 0 0:30 /@home /hr/home rw - btrfs d rw\n",
			want: []string{"/k/local", usual}},
		{name: "two places, that of the pod's name first", mounts: "1 0 8:1 / /hr rw - e d rw\n2 1 8:2 / /hr/kubelet rw - e d rw\n3 1 8:2 /pods/" + uid + " /hr/b rw - e d rw\n4 0 8:2 /pods/" + uid + "/l /local rw - e d rw\n",
			want: []string{"/kubelet/pods/" + uid + "/l", "/b/l", usual}},
		{name: "a part of a mount", mounts: "1 0 8:1 / /hr rw - e d rw\n2 0 8:1 /shared / rw - e d rw\n",
			want: []string{"/shared/local", usual}},
		{name: "not on the node", mounts: "1 0 8:1 / /hr rw - e d rw\n2 0 0:60 / /local rw - tmpfs t rw\n", want: []string{usual}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			mounts, err := parseMounts(strings.NewReader(c.mounts))
			if err != nil {
				t.Fatal(err)
			}
			search := hostSearch{mounts: mounts, root: "/hr", podUID: uid}
			if got := search.candidates("/local"); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestAHostPathIsProved(t *testing.T) {
	root := testRoot(t, map[string]string{"a/local/": "", "b/local/": "", "link": "->a"})
	own := testRoot(t, map[string]string{"local/": ""})
	// The mounts claim that this container's directory is /b of the node, which is not so.
	search := hostSearch{mounts: []mountEntry{{device: "8:1", root: "/b", point: own}, {device: "8:1", root: "/", point: root}}, root: root}
	if path, err := search.find(filepath.Join(own, "local")); err == nil {
		t.Errorf("believed: %s", path)
	}
	search.mounts = []mountEntry{{device: "8:1", root: "/", point: root}}
	if path, err := search.find(filepath.Join(root, "link/local")); err != nil || path != "/a/local" {
		t.Errorf("%q, %v", path, err)
	}
}

func TestWhoMayPassADirectory(t *testing.T) {
	cases := []struct {
		name           string
		mode, uid, gid uint32
		may            bool
	}{
		{name: "others", mode: 0o751, may: true},
		{name: "nobody else", mode: 0o750},
		{name: "its owner", mode: 0o700, uid: 7, may: true},
		{name: "its owner, who alone may not", mode: 0o077, uid: 7, gid: 8},
		{name: "its group", mode: 0o710, gid: 8, may: true},
		{name: "another group of the user", mode: 0o710, gid: 9, may: true},
		{name: "its group, which alone may not", mode: 0o701, gid: 8},
	}
	for _, c := range cases {
		about := syscall.Stat_t{Mode: syscall.S_IFDIR | c.mode, Uid: c.uid, Gid: c.gid}
		if may := mayPass(about, users.User{UID: 7, GID: 8}, []uint32{9}); may != c.may {
			t.Errorf("%s: %t", c.name, may)
		}
	}
}
