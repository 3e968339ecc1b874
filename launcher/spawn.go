// How a process of the task starts, its own and those of exec sessions alike: user, capabilities, directory, environment.
package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/nomad-bridge/nomad-bridge/launcher/interpolation"
	"github.com/nomad-bridge/nomad-bridge/launcher/users"
)

// layout is where things are in a container. Only tests have another than standardLayout.
type layout struct {
	root           string
	alloc          string
	document       string
	stateDirectory string
	terminationLog string
	// nodesDirectory holds a record for each node, where the document asks for one.
	nodesDirectory string
	payload        string
}

func standardLayout() layout {
	return layout{
		root:           "/",
		alloc:          "/alloc",
		document:       "/nomad-bridge/task.json",
		stateDirectory: "/nomad-bridge/state",
		terminationLog: "/dev/termination-log",
		nodesDirectory: "/nomad-bridge/nodes",
		payload:        "/nomad-bridge/payload/payload",
	}
}

func (l layout) controlSocket() string { return filepath.Join(l.stateDirectory, "control.sock") }

// bridgeFile is a file or directory of ours beside the document.
func (l layout) bridgeFile(name string) string { return filepath.Join(filepath.Dir(l.document), name) }

// spawnPlan is all that is the same for each process of a task. Nothing in it is interpolated any more.
type spawnPlan struct {
	user         users.User
	capabilities capabilitySet
	environment  []string
	// workDir is the open directory at workPath.
	workDir  int
	workPath string
	// command and args are those of the task itself. Exec sessions have their own.
	command string
	args    []string
	// diesWithUs is set for the task itself, which must not outlive its launcher, and not for exec sessions.
	diesWithUs bool
	// host is set for raw_exec alone.
	host *hostSpawn
}

// spawnRequest says what to plan.
type spawnRequest struct {
	places   layout
	document taskDocument
	podUID   string
	// extra are the variables that templates make. They win over all others.
	extra map[string]string
	// besideTask is for exec sessions, which have a command of their own: the task's is not looked at.
	besideTask bool
	// environment takes the place of all that would be computed: it is the running task's own. nil where that is not known.
	environment []string
}

// plan fails with Nomad's text where Nomad has one, and with errNodeUnknown where it is only too early. The caller closes
// workDir.
func (r spawnRequest) plan() (spawnPlan, error) {
	if r.document.Driver == driverRawExec {
		return r.planOnHost()
	}
	user, err := userOf(r.places, r.document)
	if err != nil {
		return spawnPlan{}, err
	}
	capabilities, err := capabilitySetOf(r.document.Capabilities)
	if err != nil {
		return spawnPlan{}, err
	}
	plan := spawnPlan{user: user, capabilities: capabilities}
	if err := r.interpolate(&plan); err != nil {
		return spawnPlan{}, err
	}
	if plan.workDir, err = openOrMakeWorkDir(r.places.root, plan.workPath, user.UID); err != nil {
		return spawnPlan{}, err
	}
	return plan, nil
}

// userOf looks into the container's own passwd, and for raw_exec into the node's.
func userOf(places layout, document taskDocument) (users.User, error) {
	if document.Driver == driverRawExec {
		user, _, err := resolveHostUser(places.hostRoot(), document)
		return user, err
	}
	passwd, err := users.ReadPasswd(filepath.Join(places.root, "/etc/passwd"))
	if err != nil {
		return users.User{}, err
	}
	return document.userRules().Resolve(passwd)
}

func (d taskDocument) userRules() users.Rules {
	table := make(map[string]users.TableEntry, len(d.Users))
	for name, entry := range d.Users {
		table[name] = users.TableEntry(entry)
	}
	return users.Rules{User: d.User, Table: table, DeniedUIDs: d.DeniedUIDs, DeniedGIDs: d.DeniedGIDs, AllowRoot: d.AllowRoot}
}

// interpolate sets the environment and what is written in terms of it.
func (r spawnRequest) interpolate(plan *spawnPlan) error {
	facts, err := readPodFacts(r.places, r.document, r.podUID, plan.user)
	if err != nil {
		return err
	}
	environment := environmentOf(r.environment)
	if r.environment == nil {
		if environment, err = taskEnvironment(r.document, facts, r.extra); err != nil {
			return err
		}
	}
	plan.environment = environmentList(environment)
	texts := []string{r.document.WorkDir}
	if !r.besideTask {
		texts = append(append(texts, r.document.Command), r.document.Args...)
	}
	if texts, err = configTexts(texts, r.document, interpolation.Values{Env: environment, Node: facts.node}); err != nil {
		return err
	}
	plan.workPath = texts[0]
	if !r.besideTask {
		plan.command, plan.args = texts[1], texts[2:]
	}
	if plan.workPath == "" {
		plan.workPath = "/"
	}
	return checkWorkPath(plan.workPath)
}

// configTexts evaluates texts as Nomad does those of a driver's config, or as Nomad 0.2 did.
func configTexts(texts []string, document taskDocument, values interpolation.Values) ([]string, error) {
	result := make([]string, len(texts))
	if document.BareVariables {
		for i, text := range texts {
			result[i] = interpolation.ReplaceBare(text, values)
		}
		return result, nil
	}
	if !slices.ContainsFunc(texts, interpolation.IsTemplate) {
		return texts, nil
	}
	scope, err := interpolation.NewScope(values)
	if err != nil {
		return nil, fmt.Errorf("failed to parse config: %w", err)
	}
	for i, text := range texts {
		// A job file has been read once before a client evaluates what it says. What a Nomad client has sent has been read by it.
		if !document.Unescaped {
			text = interpolation.Unescape(text)
		}
		if result[i], err = interpolation.Evaluate(text, scope); err != nil {
			return nil, fmt.Errorf("failed to parse config: %w", err)
		}
	}
	return result, nil
}

func checkWorkPath(path string) error {
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("failed driver config validation: work_dir must be absolute but got relative path %q", path)
	}
	if !isCleanAbsolute(path) {
		return fmt.Errorf("failed driver config validation: work_dir %q contains \"..\": write the path that it resolves to", path)
	}
	return nil
}

// variable is empty where the environment does not have it.
func (p spawnPlan) variable(name string) string {
	for _, variable := range p.environment {
		if value, ok := strings.CutPrefix(variable, name+"="); ok {
			return value
		}
	}
	return ""
}

// start forks from the calling thread, which restrictThread must have been called on with the plan's capabilities.
// The child is the leader of a new session; its descriptors 0, 1 and 2 are the files given.
func (p spawnPlan) start(path string, argv []string, files [3]uintptr, terminal bool) (int, error) {
	attributes := &syscall.SysProcAttr{
		Setsid:     true,
		Setctty:    terminal,
		Credential: &syscall.Credential{Uid: p.user.UID, Gid: p.user.GID},
	}
	if p.diesWithUs {
		attributes.Pdeathsig = syscall.SIGKILL
	}
	if p.user.UID != 0 {
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
