package main

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestWhereTheOOMCounterIs(t *testing.T) {
	const version1 = "36 35 0:31 /kubepods/pod1/abc /sys/fs/cgroup/memory ro,nosuid master:17 - cgroup cgroup rw,memory\n"
	const host1 = "36 35 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	const joined1 = "36 35 0:31 / /sys/fs/cgroup/cpu,memory rw - cgroup cgroup rw,cpu,memory\n"
	const other1 = "37 35 0:32 /kubepods/pod1/abc /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n"
	const version2 = "30 25 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw\n"
	cases := []struct {
		name, groups, mounts string
		want                 []oomCounter
	}{
		{"version 2 in a container", "0::/\n", version2, []oomCounter{"/sys/fs/cgroup/memory.events"}},
		{"version 2 on a host", "0::/system.slice/x.service\n", version2, []oomCounter{"/sys/fs/cgroup/system.slice/x.service/memory.events"}},
		{"version 2, a cgroup outside of the namespace", "0::/../x\n", version2, []oomCounter{"/sys/fs/cgroup/memory.events"}},
		{"version 1 in a container", "5:pids:/kubepods/pod1/abc\n4:memory:/kubepods/pod1/abc\n", other1 + version1, []oomCounter{"/sys/fs/cgroup/memory/memory.oom_control"}},
		{"version 1 with a namespace", "4:memory:/\n", version1, []oomCounter{"/sys/fs/cgroup/memory/memory.oom_control"}},
		{"version 1, a cgroup of a like name", "4:memory:/kubepods/pod1/abcdef\n", version1, []oomCounter{"/sys/fs/cgroup/memory/memory.oom_control"}},
		{"version 1 on a host", "4:memory:/a/b\n0::/\n", host1, []oomCounter{"/sys/fs/cgroup/memory/a/b/memory.oom_control"}},
		{"version 1, two controllers at one place", "4:cpu,memory:/a\n", joined1, []oomCounter{"/sys/fs/cgroup/cpu,memory/a/memory.oom_control"}},
		{"none", "", version1 + version2, nil},
		{"nonsense", "x\n:::\n0\n", "y\n - \n1 2 3 4 - cgroup2\n", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := oomCountersOf(c.groups, c.mounts); !reflect.DeepEqual(got, c.want) {
				t.Errorf("counters %q, want %q", got, c.want)
			}
		})
	}
}

func TestOOMCounter(t *testing.T) {
	cases := []struct {
		name, text string
		kills      int64
		ok         bool
	}{
		{"version 1", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", 3, true},
		{"version 2", "low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n", 1, true},
		{"an old kernel", "oom_kill_disable 0\nunder_oom 0\n", 0, false},
		{"no number", "oom_kill x\n", 0, false},
		{"empty", "", 0, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "memory.events")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if kills, ok := oomCounter(path).read(); c.text != "" && (kills != c.kills || ok != c.ok) {
				t.Errorf("read as %d, %v", kills, ok)
			}
		})
	}
	for _, none := range []oomCounter{"", "/no/such/file"} {
		if _, ok := none.read(); ok {
			t.Errorf("%q can be read", none)
		}
	}
}

func TestOOMKillIsInTheMessageAndStaysThere(t *testing.T) {
	state := stateAt(phaseRunning, 2)
	state, action := decideRestart(failRules(), state, restartEvent{kind: eventEnded, exitCode: 137, signal: "SIGKILL", oomKilled: true, nowMs: someTimeMs})
	if !action.message.OOMKilled || !state.OOMKilled {
		t.Errorf("message %+v, state %+v", action.message, state)
	}
	if _, again := decideRestart(failRules(), state, restartEvent{kind: eventBegin, nowMs: someTimeMs}); !again.message.OOMKilled {
		t.Errorf("repeated as %+v", again.message)
	}
	if _, next := decideRestart(failRules(), stateAt(phaseRunning, 0), restartEvent{kind: eventEnded, exitCode: 137, nowMs: someTimeMs}); next.message.OOMKilled {
		t.Errorf("another end is said to be one: %+v", next.message)
	}
}
