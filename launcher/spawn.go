// How a process of the task starts, its own and those of exec sessions alike: user, capabilities, directory, environment.
package main

import (
	"path/filepath"
	"syscall"
)

// layout is where things are in a container. Only tests have another than standardLayout.
type layout struct {
	root           string
	document       string
	stateDirectory string
	terminationLog string
}

func standardLayout() layout {
	return layout{
		root:           "/",
		document:       "/nomad-bridge/task.json",
		stateDirectory: "/nomad-bridge/state",
		terminationLog: "/dev/termination-log",
	}
}

func (l layout) controlSocket() string { return filepath.Join(l.stateDirectory, "control.sock") }

// bridgeFile is a file or directory of ours beside the document.
func (l layout) bridgeFile(name string) string { return filepath.Join(filepath.Dir(l.document), name) }

// spawnPlan is all that is the same for each process of a task.
type spawnPlan struct {
	user         taskUser
	capabilities capabilitySet
	environment  []string
	workDir      int
	// diesWithUs is set for the task itself, which must not outlive its launcher, and not for exec sessions.
	diesWithUs bool
	// host is set for raw_exec alone.
	host *hostSpawn
}

// planSpawn fails with Nomad's text where Nomad has one. The caller closes workDir.
func planSpawn(places layout, document taskDocument, podUID string) (spawnPlan, error) {
	if document.Driver == driverRawExec {
		return planOnHost(places, document, podUID)
	}
	passwd, err := readPasswd(filepath.Join(places.root, "/etc/passwd"))
	if err != nil {
		return spawnPlan{}, err
	}
	user, err := resolveUser(document, passwd)
	if err != nil {
		return spawnPlan{}, err
	}
	capabilities, err := capabilitySetOf(document.Capabilities)
	if err != nil {
		return spawnPlan{}, err
	}
	workDir, err := openWorkDir(places.root, document.WorkDir, user.uid)
	if err != nil {
		return spawnPlan{}, err
	}
	environment := taskEnvironment(document, user, podUID)
	return spawnPlan{user: user, capabilities: capabilities, environment: environment, workDir: workDir}, nil
}

// start forks from the calling thread, which restrictThread must have been called on with the plan's capabilities.
// The child is the leader of a new session; its descriptors 0, 1 and 2 are the files given.
func (p spawnPlan) start(path string, argv []string, files [3]uintptr, terminal bool) (int, error) {
	attributes := &syscall.SysProcAttr{
		Setsid:     true,
		Setctty:    terminal,
		Credential: &syscall.Credential{Uid: p.user.uid, Gid: p.user.gid},
	}
	if p.diesWithUs {
		attributes.Pdeathsig = syscall.SIGKILL
	}
	if p.user.uid != 0 {
		attributes.AmbientCaps = p.capabilities.numbers()
	}
	p.host.apply(attributes)
	return syscall.ForkExec(path, argv, &syscall.ProcAttr{
		Dir:   descriptorPath(p.workDir),
		Env:   p.environment,
		Files: files[:],
		Sys:   attributes,
	})
}
