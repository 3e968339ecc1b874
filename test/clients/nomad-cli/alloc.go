// `nomad alloc …`: every one begins by finding the allocation, as its ID may be shortened.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
)

var allocationSequences = map[string]sequence{
	"alloc exec":    allocExec,
	"exec":          allocExec,
	"alloc status":  allocStatus,
	"alloc logs":    allocLogs,
	"alloc fs":      allocFS,
	"alloc signal":  allocSignal,
	"alloc restart": allocRestart,
	"alloc stop":    allocStop,
	"alloc checks":  allocChecks,
	"alloc pause":   allocPause,
}

// allocation makes the two calls that each command begins with.
func (s *session) allocation(prefix string) (*api.Allocation, error) {
	stubs, _, err := s.client.Allocations().PrefixList(evenPrefix(prefix))
	if err != nil {
		return nil, fmt.Errorf("Error querying allocation: %w", err)
	}
	if len(stubs) == 0 {
		return nil, notFound("allocation", prefix)
	}
	if len(stubs) > 1 {
		ids := make([]string, len(stubs))
		for at, stub := range stubs {
			ids[at] = stub.ID
		}
		return nil, manyFound("allocation", ids)
	}
	alloc, _, err := s.client.Allocations().Info(stubs[0].ID, inNamespace(stubs[0].Namespace))
	if err != nil {
		return nil, fmt.Errorf("Error querying allocation: %w", err)
	}
	s.needs("Job", alloc.Job != nil)
	return alloc, nil
}

// allocationOfJob is what -job takes: any that runs, or any at all where none does, of the group that -group names.
func (s *session) allocationOfJob(prefix string) (*api.Allocation, error) {
	job, err := s.job(prefix, "")
	if err != nil {
		return nil, err
	}
	s.needs("JobSummary", job.JobSummary != nil)
	stubs, _, err := s.client.Jobs().Allocations(job.ID, false, inNamespace(job.Namespace))
	if err != nil {
		return nil, fmt.Errorf("Error querying job: %w", err)
	}
	if len(stubs) == 0 {
		return nil, fmt.Errorf("Error fetching allocations: job %q doesn't exist or it has no allocations", job.ID)
	}
	var chosen *api.AllocationListStub
	for _, stub := range stubs {
		if group := s.flags["group"]; group != "" && stub.TaskGroup != group {
			continue
		}
		if chosen == nil || stub.ClientStatus == api.AllocClientStatusRunning {
			chosen = stub
		}
	}
	if chosen == nil {
		return nil, fmt.Errorf("Error fetching allocations: task group %q doesn't exist or it has no allocations", s.flags["group"])
	}
	alloc, _, err := s.client.Allocations().Info(chosen.ID, inNamespace(chosen.Namespace))
	return alloc, err
}

func (s *session) namedAllocation() (*api.Allocation, error) {
	if s.has("job") {
		return s.allocationOfJob(s.arg(0))
	}
	return s.allocation(s.arg(0))
}

// task is the one that the flag names, or the only one.
func (s *session) task(alloc *api.Allocation) (string, error) {
	group := alloc.GetTaskGroup()
	s.needs("Job.TaskGroups", group != nil)
	if group == nil {
		return "", fmt.Errorf("Could not find allocation task group: %s", alloc.TaskGroup)
	}
	if name := s.flags["task"]; name != "" {
		names := []string{}
		for _, task := range group.Tasks {
			if task.Name == name {
				return name, nil
			}
			names = append(names, task.Name)
		}
		return "", fmt.Errorf("Could not find task named: %s, found:\n%s", name, strings.Join(names, "\n"))
	}
	if len(group.Tasks) != 1 {
		return "", fmt.Errorf("Allocation %q is running the following tasks: more than one", alloc.ID)
	}
	return group.Tasks[0].Name, nil
}

func allocExec(s *session) (int, error) {
	alloc, err := s.namedAllocation()
	if err != nil {
		return exitFailed, err
	}
	task, err := s.task(alloc)
	if err != nil {
		return exitFailed, err
	}
	// The CLI looks for the node next, to dial it itself; it has no address, and so the server is asked.
	if node, _, err := s.client.Nodes().Info(alloc.NodeID, inNamespace(alloc.Namespace)); err == nil {
		s.saw["node address"] = node.HTTPAddr
	}
	var stdout, stderr bytes.Buffer
	code, err := s.plain.Allocations().Exec(context.Background(), alloc, task, false, s.args[1:], strings.NewReader(s.flags["stdin"]), &stdout, &stderr, nil, inNamespace(alloc.Namespace))
	if err != nil {
		return exitFailed, fmt.Errorf("failed to exec into task: %w", err)
	}
	s.saw["stdout"], s.saw["stderr"] = stdout.String(), stderr.String()
	return code, nil
}

func allocStatus(s *session) (int, error) {
	if s.arg(0) == "" {
		stubs, _, err := s.client.Allocations().List(nil)
		s.saw["allocations"] = len(stubs)
		return exitOK, err
	}
	alloc, err := s.allocation(s.arg(0))
	if err != nil {
		return exitFailed, err
	}
	s.readAllocation(alloc)
	if checks, err := s.client.Allocations().Checks(alloc.ID, nil); err == nil {
		s.saw["checks"] = len(checks)
	} else {
		s.notes("checks", err)
	}
	if alloc.ClientStatus == api.AllocClientStatusRunning {
		stats, err := s.client.Allocations().Stats(alloc, nil)
		s.notes("Couldn't retrieve stats", err)
		s.saw["stats"] = err == nil && stats.ResourceUsage != nil
	}
	if alloc.FollowupEvalID != "" {
		if _, _, err := s.client.Evaluations().Info(alloc.FollowupEvalID, nil); err != nil {
			s.notes("followup", err)
		}
	}
	s.hints()
	return exitOK, nil
}

func (s *session) readAllocation(alloc *api.Allocation) {
	s.saw["status"] = alloc.ClientStatus
	s.saw["desired"] = alloc.DesiredStatus
	s.saw["description"] = alloc.ClientDescription
	events := 0
	for _, state := range alloc.TaskStates {
		s.needs("TaskStates[]", state != nil)
		events += len(state.Events)
	}
	s.saw["events"] = events
	s.needs("Job.Version", alloc.Job != nil && alloc.Job.Version != nil)
	s.needs("Resources.DiskMB", alloc.Resources != nil && alloc.Resources.DiskMB != nil)
	for task, resources := range alloc.TaskResources {
		s.needs("TaskResources["+task+"].CPU", resources != nil && resources.CPU != nil)
		s.needs("TaskResources["+task+"].MemoryMB", resources != nil && resources.MemoryMB != nil)
	}
	s.needs("TaskResources", len(alloc.TaskResources) == len(alloc.TaskStates))
	if alloc.Job != nil {
		for _, group := range alloc.Job.TaskGroups {
			s.needs("Job.TaskGroups[].Name", group.Name != nil)
		}
	}
	if s.has("verbose") {
		s.needs("Metrics", alloc.Metrics != nil)
	}
}

func allocLogs(s *session) (int, error) {
	alloc, err := s.namedAllocation()
	if err != nil {
		return exitFailed, err
	}
	task, err := s.task(alloc)
	if err != nil {
		return exitFailed, err
	}
	kind := "stdout"
	if s.has("stderr") {
		kind = "stderr"
	}
	origin, offset := api.OriginStart, int64(0)
	if s.has("tail") {
		// Ten lines of 120 bytes; the CLI then counts the lines itself.
		origin, offset = api.OriginEnd, 10*120
	}
	if s.has("f") {
		return s.followLogs(alloc, task)
	}
	cancel := make(chan struct{})
	defer close(cancel)
	frames, errs := s.client.AllocFS().Logs(alloc, false, task, kind, origin, offset, cancel, inNamespace(alloc.Namespace))
	text, err := gather(frames, errs)
	s.saw["text"] = text
	return exitOK, err
}

// followLogs opens a stream for each output, at its end, and stays until a word comes that was said since. -saying is no
// flag of the CLI's: the signal has the task say something.
func (s *session) followLogs(alloc *api.Allocation, task string) (int, error) {
	cancel := make(chan struct{})
	defer close(cancel)
	stdout, failed := s.client.AllocFS().Logs(alloc, true, task, "stdout", api.OriginEnd, 0, cancel, inNamespace(alloc.Namespace))
	stderr, failedToo := s.client.AllocFS().Logs(alloc, true, task, "stderr", api.OriginEnd, 0, cancel, inNamespace(alloc.Namespace))
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for end := time.After(patience); ; {
		select {
		case frame := <-stdout:
			s.needs("a frame of stdout", frame != nil)
			s.saw["stdout"] = string(frame.Data)
			return exitOK, nil
		case frame := <-stderr:
			return exitFailed, fmt.Errorf("unexpected: %v", frame)
		case err := <-failed:
			return exitFailed, err
		case err := <-failedToo:
			return exitFailed, err
		case <-again.C:
			if err := s.plain.Allocations().Signal(alloc, nil, task, s.flags["saying"]); err != nil {
				return exitFailed, err
			}
		case <-end:
			return exitFailed, fmt.Errorf("nothing was said")
		}
	}
}

// gather reads frames to their end.
func gather(frames <-chan *api.StreamFrame, errs <-chan error) (string, error) {
	var text bytes.Buffer
	for {
		select {
		case err := <-errs:
			return text.String(), err
		case frame, open := <-frames:
			if !open {
				return text.String(), nil
			}
			text.Write(frame.Data)
		}
	}
}

func allocFS(s *session) (int, error) {
	alloc, err := s.namedAllocation()
	if err != nil {
		return exitFailed, err
	}
	path := s.arg(1)
	if path == "" {
		path = "/"
	}
	query := inNamespace(alloc.Namespace)
	file, _, err := s.client.AllocFS().Stat(alloc, path, query)
	if err != nil {
		return exitFailed, err
	}
	s.saw["size"], s.saw["isDirectory"] = file.Size, file.IsDir
	switch {
	case s.has("stat"):
		return exitOK, nil
	case file.IsDir:
		files, _, err := s.client.AllocFS().List(alloc, path, query)
		names := []string{}
		for _, file := range files {
			names = append(names, file.Name)
		}
		s.saw["names"] = names
		return exitOK, err
	case s.flags["c"] != "":
		return s.readText(func() (io.ReadCloser, error) {
			bytes, err := strconv.ParseInt(s.flags["c"], 10, 64)
			if err != nil {
				return nil, err
			}
			return s.client.AllocFS().ReadAt(alloc, path, 0, bytes, query)
		})
	case s.has("tail"):
		cancel := make(chan struct{})
		defer close(cancel)
		frames, errs := s.client.AllocFS().Stream(alloc, path, api.OriginEnd, 10*120, cancel, query)
		for frame := range frames {
			s.saw["text"] = string(frame.Data)
			return exitOK, nil
		}
		return exitFailed, <-errs
	}
	return s.readText(func() (io.ReadCloser, error) { return s.client.AllocFS().Cat(alloc, path, query) })
}

func (s *session) readText(open func() (io.ReadCloser, error)) (int, error) {
	reader, err := open()
	if err != nil {
		return exitFailed, err
	}
	defer reader.Close()
	text, err := io.ReadAll(reader)
	s.saw["text"] = string(text)
	return exitOK, err
}

func allocSignal(s *session) (int, error) {
	alloc, err := s.allocation(s.arg(0))
	if err != nil {
		return exitFailed, err
	}
	signal := s.flags["s"]
	if signal == "" {
		signal = "SIGKILL"
	}
	return exitOK, s.client.Allocations().Signal(alloc, nil, s.flags["task"], signal)
}

func allocRestart(s *session) (int, error) {
	alloc, err := s.allocation(s.arg(0))
	if err != nil {
		return exitFailed, err
	}
	if s.has("all-tasks") {
		return exitOK, s.client.Allocations().RestartAllTasks(alloc, nil)
	}
	return exitOK, s.client.Allocations().Restart(alloc, s.arg(1), nil)
}

func allocStop(s *session) (int, error) {
	alloc, err := s.allocation(s.arg(0))
	if err != nil {
		return exitFailed, err
	}
	query := &api.QueryOptions{Params: map[string]string{}}
	if s.has("no-shutdown-delay") {
		query.Params["no_shutdown_delay"] = "true"
	}
	s.needs("Job.Type", alloc.Job != nil && alloc.Job.Type != nil)
	if alloc.Stub().JobType == api.JobTypeBatch {
		query.Params["reschedule"] = "true"
	}
	stopped, err := s.client.Allocations().Stop(alloc, query)
	if err != nil {
		return exitFailed, fmt.Errorf("Error stopping allocation: %w", err)
	}
	return s.monitor(stopped.EvalID)
}

func allocChecks(s *session) (int, error) {
	alloc, err := s.allocation(s.arg(0))
	if err != nil {
		return exitFailed, err
	}
	checks, err := s.client.Allocations().Checks(alloc.ID, nil)
	s.saw["checks"] = len(checks)
	return exitOK, err
}

// allocPause asks for the state, or sets one with -state.
func allocPause(s *session) (int, error) {
	alloc, err := s.allocation(s.arg(0))
	if err != nil {
		return exitFailed, err
	}
	task, err := s.task(alloc)
	if err != nil {
		return exitFailed, err
	}
	if s.has("status") {
		state, _, err := s.client.Allocations().GetPauseState(alloc, nil, task)
		s.saw["state"] = state
		return exitOK, err
	}
	return exitOK, s.client.Allocations().SetPauseState(alloc, nil, task, s.flags["state"])
}
