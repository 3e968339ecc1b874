package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// podGroup is the tasks of one pod under test: each has places of its own, and all share the group's directory.
type podGroup struct {
	t      *testing.T
	shared string
	mains  []string
	leader string
}

func newPodGroup(t *testing.T, leader string, mains ...string) *podGroup {
	t.Helper()
	return &podGroup{t: t, shared: t.TempDir(), mains: mains, leader: leader}
}

// places are the task's, for as many runs as the test wants.
func (g *podGroup) places(task, hook string, sidecar bool, script string, change func(*taskDocument)) string {
	g.t.Helper()
	document := shell(script)
	document.Task = task
	document.Lifecycle = lifecycleOf(hook, sidecar, g.leader, g.mains...)
	document.Lifecycle.Leader = task == g.leader
	if change != nil {
		change(&document)
	}
	directory := testPlaces(g.t, document)
	if err := os.Symlink(g.shared, filepath.Join(directory, "group")); err != nil {
		g.t.Fatal(err)
	}
	return directory
}

func (g *podGroup) run(task, hook string, sidecar bool, script string) *runOf {
	g.t.Helper()
	return startRun(g.t, g.places(task, hook, sidecar, script, nil))
}

func once(document *taskDocument) { document.RestartOnSuccess = false }

func always(document *taskDocument) { document.RestartOnSuccess = true }

const serveScript = `trap 'echo got INT; exit 0' INT; echo ready; while :; do sleep 0.02; done`

// expectQuiet gives what must not happen a moment to happen.
func expectQuiet(t *testing.T, r *runOf) {
	t.Helper()
	time.Sleep(150 * time.Millisecond)
	if r.stdout() != "" {
		t.Errorf("the task has written %q", r.stdout())
	}
}

func TestPoststartWaitsForAllMainTasks(t *testing.T) {
	group := newPodGroup(t, "", "a", "b")
	after := group.run("after", hookPoststart, false, "echo after")
	group.run("a", hookMain, false, serveScript).untilStdout("ready")
	expectQuiet(t, after)
	if status := after.status(); status.State != "waiting" {
		t.Errorf("status %+v", status)
	}
	if _, err := after.control("restart"); err == nil {
		t.Error("a task whose turn has not come can be restarted")
	}
	group.run("b", hookMain, false, serveScript).untilStdout("ready")
	if code := after.exitCode(); code != 0 || after.stdout() != "after\n" || after.message().Reason != reasonCompleted {
		t.Errorf("exit code %d, stdout %q, message %+v", code, after.stdout(), after.message())
	}
	again := startRun(t, after.directory)
	eventually(t, "a poststart task that is complete holds its container", func() bool {
		_, err := again.control("status")
		return err == nil && again.status().State == "dead"
	})
}

func TestPoststopRunsWhenAllMainTasksAreDead(t *testing.T) {
	group := newPodGroup(t, "", "a", "b")
	last := group.run("last", hookPoststop, false, "echo last")
	group.run("a", hookMain, false, "exit 0").exitCode()
	failing := group.places("b", hookMain, false, "exit 1", func(d *taskDocument) { d.Restart.Attempts = 1 })
	startRun(t, failing).exitCode()
	expectQuiet(t, last) // b waits for its restart
	if code := startRun(t, failing).exitCode(); code != exitNoRestart {
		t.Errorf("b ends with %d", code)
	}
	if code := last.exitCode(); code != 0 || last.stdout() != "last\n" {
		t.Errorf("exit code %d, stdout %q", code, last.stdout())
	}
}

func TestPoststopRunsAfterTheStopOfThePod(t *testing.T) {
	group := newPodGroup(t, "", "a", "b")
	last := group.run("last", hookPoststop, false, "echo begin; sleep 0.3; echo end")
	a := group.run("a", hookMain, false, `trap 'sleep 0.3; exit 0' INT; echo ready; while :; do sleep 0.02; done`)
	a.untilStdout("ready")
	// b is between two runs: nobody will start it again.
	startRun(t, group.places("b", hookMain, false, "exit 1", nil)).exitCode()
	a.signal(syscall.SIGTERM)
	last.signal(syscall.SIGTERM)
	expectQuiet(t, last)
	if code := a.exitCode(); code != 0 || a.message().Reason != reasonStopped {
		t.Errorf("a: exit code %d, message %+v", code, a.message())
	}
	last.untilStdout("begin")
	last.signal(syscall.SIGTERM)
	if code := last.exitCode(); code != 0 || last.stdout() != "begin\nend\n" {
		t.Errorf("exit code %d, stdout %q", code, last.stdout())
	}
}

func TestPoststopRunsAfterAMainTaskWasKilledInTheStop(t *testing.T) {
	group := newPodGroup(t, "", "a")
	last := group.run("last", hookPoststop, false, "echo last")
	a := group.run("a", hookMain, false, "echo ready; exec sleep 1000")
	a.untilStdout("ready")
	last.signal(syscall.SIGTERM)
	expectQuiet(t, last)
	a.signal(syscall.SIGKILL)
	if code := last.exitCode(); code != 0 || last.stdout() != "last\n" {
		t.Errorf("exit code %d, stdout %q", code, last.stdout())
	}
}

func TestDeadLeaderEndsTheOthers(t *testing.T) {
	group := newPodGroup(t, "a", "a", "b")
	b := group.places("b", hookMain, false, serveScript, always)
	others := map[string]*runOf{
		"b": startRun(t, b), "side": startRun(t, group.places("side", hookPrestart, true, serveScript, always)),
		"waits": group.run("waits", hookPoststart, false, serveScript),
	}
	others["b"].untilStdout("ready")
	others["side"].untilStdout("ready")
	last := group.run("last", hookPoststop, false, "echo last")
	fifo := fifoOf(t)
	leader := group.run("a", hookMain, false, "echo ready; read -r x < "+fifo)
	leader.untilStdout("ready")
	others["waits"].untilStdout("ready")
	if err := os.WriteFile(fifo, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	if code := leader.exitCode(); code != 0 || leader.message().Reason != reasonCompleted {
		t.Errorf("the leader: exit code %d, message %+v", code, leader.message())
	}
	for name, r := range others {
		if code := r.exitCode(); code != 0 || !strings.Contains(r.stdout(), "got INT") {
			t.Errorf("%s: exit code %d, stdout %q", name, code, r.stdout())
		}
		if m := r.message(); m.Reason != reasonStopped || m.Message != leaderDeadText {
			t.Errorf("%s: message %+v", name, m)
		}
	}
	if code := last.exitCode(); code != 0 || last.stdout() != "last\n" {
		t.Errorf("poststop: exit code %d, stdout %q", code, last.stdout())
	}
}

func TestTaskThatItsLeaderEndedDoesNotStartAgain(t *testing.T) {
	group := newPodGroup(t, "a", "a", "b", "slow")
	b := group.places("b", hookMain, false, serveScript, always)
	first := startRun(t, b)
	first.untilStdout("ready")
	startRun(t, group.places("a", hookMain, false, "exit 1", func(d *taskDocument) { d.Restart.Attempts = 0 })).exitCode()
	first.exitCode()
	again := startRun(t, b)
	eventually(t, "it holds", func() bool { _, err := again.control("status"); return err == nil && again.status().State == "dead" })
	expectQuiet(t, again)
	again.signal(syscall.SIGTERM)
	if code := again.exitCode(); code != 0 || again.message().Message != leaderDeadText {
		t.Errorf("exit code %d, message %+v", code, again.message())
	}
	late := startRun(t, group.places("late", hookPrestart, true, serveScript, always))
	if code := late.exitCode(); code != 0 || late.message().Message != leaderDeadText || late.stdout() != "" {
		t.Errorf("who comes late: exit code %d, message %+v, stdout %q", code, late.message(), late.stdout())
	}
}

func TestStopOfThePodDoesNotChangeWhyTheTaskEnds(t *testing.T) {
	group := newPodGroup(t, "a", "a", "b")
	b := startRun(t, group.places("b", hookMain, false, `trap 'echo got INT' INT; echo ready; while :; do sleep 0.02; done`, func(d *taskDocument) {
		d.KillTimeoutMs = 500
	}))
	b.untilStdout("ready")
	startRun(t, group.places("a", hookMain, false, "exit 0", once)).exitCode()
	b.untilStdout("got INT")
	b.signal(syscall.SIGTERM)
	if code := b.exitCode(); code != 0 || b.message().Message != leaderDeadText || strings.Count(b.stdout(), "got INT") != 1 {
		t.Errorf("exit code %d, message %+v, stdout %q", code, b.message(), b.stdout())
	}
}

func TestLeaderThatWaitsForItsRestartIsNotDead(t *testing.T) {
	group := newPodGroup(t, "a", "a", "b")
	b := group.run("b", hookMain, false, serveScript)
	b.untilStdout("ready")
	startRun(t, group.places("a", hookMain, false, "exit 1", nil)).exitCode()
	time.Sleep(150 * time.Millisecond)
	if status := b.status(); status.State != "running" {
		t.Errorf("status %+v", status)
	}
}

func TestSidecarsEndWithTheLastMainTask(t *testing.T) {
	group := newPodGroup(t, "", "a", "b")
	side := startRun(t, group.places("side", hookPrestart, true, `trap '' INT; echo ready; while :; do sleep 0.02; done`, func(d *taskDocument) {
		d.KillTimeoutMs = 100
	}))
	side.untilStdout("ready")
	group.run("a", hookMain, false, "exit 0").exitCode()
	time.Sleep(150 * time.Millisecond)
	if status := side.status(); status.State != "running" {
		t.Errorf("with one main task alive: status %+v", status)
	}
	group.run("b", hookMain, false, "exit 0").exitCode()
	if code := side.exitCode(); code != 0 {
		t.Errorf("exit code %d, want 0: the task has not failed", code)
	}
	if m := side.message(); m.Reason != reasonStopped || m.Message != mainsDeadText || m.ExitCode != 137 || m.Signal != "SIGKILL" {
		t.Errorf("message %+v", m)
	}
}

func TestPoststartSidecarIsStartedAgainByFailure(t *testing.T) {
	group := newPodGroup(t, "", "a")
	group.run("a", hookMain, false, serveScript).untilStdout("ready")
	side := startRun(t, group.places("side", hookPoststart, true, "exit 0", always))
	if code := side.exitCode(); code == 0 || side.message().ExitCode != 0 || side.message().Reason != reasonExited {
		t.Errorf("exit code %d, message %+v", code, side.message())
	}
}

func TestPrestartTaskIsAnInitContainer(t *testing.T) {
	group := newPodGroup(t, "a", "a")
	places := group.places("before", hookPrestart, false, "echo before", once)
	for run := range 2 {
		if code := startRun(t, places).exitCode(); code != 0 {
			t.Errorf("run %d: exit code %d", run, code)
		}
	}
	if failed := startRun(t, group.places("bad", hookPrestart, false, "exit 4", once)); failed.exitCode() != 4 {
		t.Errorf("a prestart task that fails ends with %d", failed.exitCode())
	}
}
