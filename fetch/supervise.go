// The half that stays root: it reads document and Secrets, starts a worker for each artifact, and keeps what is done. It
// opens no connection and no archive.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nomad-bridge/nomad-bridge/launcher/interpolation"
	"github.com/nomad-bridge/nomad-bridge/launcher/restarts"
	"github.com/nomad-bridge/nomad-bridge/launcher/users"
)

const (
	// atOnce is how many artifacts Nomad fetches in parallel.
	atOnce = 3
	// killAfter is how long past its time a worker may live to say so itself.
	killAfter          = 5 * time.Second
	maxCredentialBytes = 1024 * 1024
	maxOutcomeBytes    = 64 * 1024

	podUIDEnv   = "NOMAD_BRIDGE_POD_UID"
	nodeNameEnv = "NOMAD_BRIDGE_NODE_NAME"
)

// layout is where things are in the container; tests have their own.
type layout struct {
	document    string
	state       string
	credentials string
	nodes       string
	passwd      string
	message     string
	program     string
	podUID      string
	nodeName    string
}

func standardLayout() layout {
	return layout{
		document: "/nomad-bridge/task.json", state: "/nomad-bridge/state", credentials: "/nomad-bridge/credentials",
		nodes: "/nomad-bridge/nodes", passwd: "/etc/passwd", message: "/dev/termination-log", program: "/proc/self/exe",
		podUID: os.Getenv(podUIDEnv), nodeName: os.Getenv(nodeNameEnv),
	}
}

// supervise returns the exit code: 0 when every artifact is there, 1 when one is not and the restart policy allows another
// try, which makes the kubelet start it again, and exitNoRestart when it does not.
func supervise(places layout, log io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	policy := readPolicy(places.document)
	record := readAttempts(places.state).begun(policy, time.Now().UnixMilli(), rand.Float64())
	if record.Spent {
		leave(places, record, log)
		// The kubelet would start it again and again until the pod is ended.
		<-ctx.Done()
		return exitNoRestart
	}
	if !waitUntil(ctx, record.NextStartMs) {
		leave(places, record, log)
		return exitFailed
	}
	record.StartedMs = time.Now().UnixMilli()
	keep(places, record, log)
	err := fetchAll(ctx, places, log)
	if err == nil || ctx.Err() != nil {
		record.StartedMs = 0
		keep(places, record, log)
		return endUncounted(places, record, err, log)
	}
	fmt.Fprintln(log, err)
	record = record.failed(policy, err.Error(), time.Now().UnixMilli(), rand.Float64())
	leave(places, record, log)
	if record.Spent {
		return exitNoRestart
	}
	return exitFailed
}

// endUncounted is for what says nothing of the artifacts: they are there, or somebody wanted an end.
func endUncounted(places layout, record attemptsRecord, err error, log io.Writer) int {
	if err != nil {
		fmt.Fprintln(log, err)
		message := messageOf(record, err.Error())
		message.Reason = reasonStopped
		writeMessage(places, message, log)
		return exitFailed
	}
	if len(record.Failures) > 0 {
		message := messageOf(record, "")
		message.Reason, message.ExitCode = reasonCompleted, 0
		writeMessage(places, message, log)
	}
	return 0
}

// readPolicy needs no valid document: what is wrong with it is told by fetchAll, and tried again as long as the policy allows.
func readPolicy(path string) restarts.Policy {
	document, err := readDocument(path)
	if err != nil {
		return restarts.Policy{}
	}
	return document.Restart
}

// waitUntil says whether the time has come, and not somebody who wants an end.
func waitUntil(ctx context.Context, atMs int64) bool {
	timer := time.NewTimer(time.Until(time.UnixMilli(atMs)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// leave keeps the record and tells it.
func leave(places layout, record attemptsRecord, log io.Writer) {
	keep(places, record, log)
	writeMessage(places, messageOf(record, record.lastMessage()), log)
}

// keep goes on without: then the tries are not counted, as with a disk that is full.
func keep(places layout, record attemptsRecord, log io.Writer) {
	if err := writeAttempts(places.state, record); err != nil {
		fmt.Fprintln(log, err)
	}
}

func writeMessage(places layout, message terminationMessage, log io.Writer) {
	if err := writeTerminationMessage(places.message, message); err != nil {
		fmt.Fprintln(log, "the termination message could not be written:", err)
	}
}

func fetchAll(ctx context.Context, places layout, log io.Writer) error {
	document, err := readDocument(places.document)
	if err != nil {
		return err
	}
	jobs, err := jobsOf(document, places)
	if err != nil {
		return err
	}
	done := readMarkers(places.state)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	running := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for _, one := range jobs {
		if done.has(one.Key) {
			fmt.Fprintf(log, "%q is there already\n", displayOf(one.Artifact.Source))
			continue
		}
		running <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-running }()
			if err := fetchOne(ctx, one, places, done, log); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// jobsOf does all that needs root's eyes, before any worker starts.
func jobsOf(document taskDocument, places layout) ([]job, error) {
	passwd, err := users.ReadPasswd(places.passwd)
	if err != nil {
		return nil, fmt.Errorf("the users of the container: %w", err)
	}
	user, err := document.userRules().Resolve(passwd)
	if err != nil {
		return nil, err
	}
	var node *interpolation.NodeRecord
	if document.NodeValues {
		if node, err = readNodeRecord(places.nodes, places.nodeName); err != nil {
			return nil, err
		}
	}
	known := taskValues(document, user, places.podUID, node)
	jobs := make([]job, 0, len(document.Artifacts))
	for _, block := range document.Artifacts {
		credentials, err := readCredentials(places.credentials, block.Credentials)
		if err != nil {
			return nil, failure(block, err)
		}
		jobs = append(jobs, job{
			Task: document.Task, Artifact: block.interpolated(known), Limits: document.Fetch, Credentials: credentials,
			UID: user.UID, GID: user.GID, Key: keyOf(document.Task, block, jobs),
		})
	}
	return jobs, nil
}

// readCredentials reads the files of one mounted Secret.
func readCredentials(directory, name string) (map[string][]byte, error) {
	if name == "" {
		return nil, nil
	}
	folder := filepath.Join(directory, name)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("the Secret %q is not mounted: %w", name, withoutPath(err))
	}
	credentials := map[string][]byte{}
	total := 0
	for _, entry := range entries {
		// The kubelet keeps its own links beside the files, under names that begin with two dots.
		if strings.HasPrefix(entry.Name(), "..") {
			continue
		}
		value, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("the Secret %q: %w", name, withoutPath(err))
		}
		if total += len(value); total > maxCredentialBytes {
			return nil, fmt.Errorf("the Secret %q is larger than %d bytes", name, maxCredentialBytes)
		}
		credentials[entry.Name()] = value
	}
	return credentials, nil
}

// failure is Nomad's text.
func failure(block artifact, err error) error {
	return fmt.Errorf("failed to download artifact %q: %w", displayOf(block.Source), err)
}

func fetchOne(ctx context.Context, one job, places layout, done *markers, log io.Writer) error {
	display := displayOf(one.Artifact.Source)
	fmt.Fprintf(log, "downloading %q to %q\n", display, one.Artifact.Destination)
	started := time.Now()
	if err := runWorkerProcess(ctx, one, places.program, log); err != nil {
		return failure(one.Artifact, errors.New(sweep(err.Error(), secretsOf(one.Artifact, one.Credentials))))
	}
	fmt.Fprintf(log, "downloaded %q in %s\n", display, time.Since(started).Round(time.Millisecond))
	return done.add(one.Key)
}

// runWorkerProcess starts this program as the task's user: no groups, no capabilities, no environment. Root without the
// capability to kill cannot end it: the worker ends when its input does, and the kernel ends it when this process does.
func runWorkerProcess(ctx context.Context, one job, program string, log io.Writer) error {
	// The kernel takes the death of the thread that forks for that of the parent.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	said := &cappedBuffer{}
	worker := exec.Command(program, workerArgument)
	worker.Env = []string{}
	worker.Dir = "/"
	worker.Stdout, worker.Stderr = said, log
	worker.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: one.UID, Gid: one.GID, Groups: []uint32{}},
		Pdeathsig:  syscall.SIGKILL,
	}
	lifeline, err := worker.StdinPipe()
	if err != nil {
		return err
	}
	if err := worker.Start(); err != nil {
		return fmt.Errorf("the worker could not be started as uid %d, gid %d: %w", one.UID, one.GID, err)
	}
	ended := make(chan error, 1)
	go func() {
		// A worker that is gone shows in how it ended.
		_ = json.NewEncoder(lifeline).Encode(one)
	}()
	go func() { ended <- worker.Wait() }()
	limited, cancel := context.WithTimeout(ctx, one.Limits.timeout()+killAfter)
	defer cancel()
	select {
	case runErr := <-ended:
		return outcomeOf(said.text, runErr)
	case <-limited.Done():
	}
	lifeline.Close()
	select {
	case <-ended:
	case <-time.After(killAfter):
	}
	if ctx.Err() != nil {
		return errors.New("stopped before it was whole")
	}
	return errTimeout(one.Limits)
}

func outcomeOf(text []byte, runErr error) error {
	var result outcome
	if err := json.Unmarshal(text, &result); err != nil {
		return fmt.Errorf("the worker ended without a word (%w); it may have needed more memory than it has", runErr)
	}
	if result.Error != "" {
		return errors.New(result.Error)
	}
	return runErr
}

// cappedBuffer keeps the beginning of what a worker says.
type cappedBuffer struct{ text []byte }

func (b *cappedBuffer) Write(text []byte) (int, error) {
	b.text = append(b.text, text[:min(len(text), maxOutcomeBytes-len(b.text))]...)
	return len(text), nil
}
