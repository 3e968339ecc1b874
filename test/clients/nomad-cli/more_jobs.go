// The rarer commands of `nomad job …`: restart, tag and action.
package main

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
)

var rareJobSequences = map[string]sequence{
	"job restart":   jobRestart,
	"job tag apply": jobTagApply,
	"job tag unset": jobTagUnset,
	"job action":    jobAction,
}

// jobRestart goes through the running allocations one by one, in place or, with -reschedule, by their replacements.
func jobRestart(s *session) (int, error) {
	stub, err := s.job(s.arg(0), "")
	if err != nil {
		return exitFailed, err
	}
	job, _, err := s.client.Jobs().Info(stub.ID, inNamespace(stub.Namespace))
	if err != nil {
		return exitFailed, fmt.Errorf("Error retrieving job %q: %w", stub.ID, err)
	}
	s.readJob(job)
	stubs, _, err := s.client.Jobs().Allocations(stub.ID, false, inNamespace(stub.Namespace))
	if err != nil {
		return exitFailed, fmt.Errorf("Error retrieving allocations for job %q: %w", stub.ID, err)
	}
	restarted := 0
	for _, each := range stubs {
		if each.ClientStatus != api.AllocClientStatusRunning {
			continue
		}
		if err := s.restartOne(each); err != nil {
			return exitFailed, err
		}
		restarted++
	}
	s.saw["restarted"] = restarted
	return exitOK, nil
}

func (s *session) restartOne(stub *api.AllocationListStub) error {
	query := inNamespace(stub.Namespace)
	alloc := &api.Allocation{ID: stub.ID}
	if !s.has("reschedule") {
		if err := s.client.Allocations().Restart(alloc, s.flags["task"], query); err != nil {
			return fmt.Errorf("Error restarting allocation: %w", err)
		}
		return nil
	}
	stopped, err := s.client.Allocations().Stop(alloc, query)
	if err != nil {
		return fmt.Errorf("Error stopping allocation: %w", err)
	}
	s.needs("EvalID of a stop", stopped.EvalID != "")
	return s.awaitReplacement(stub)
}

// awaitReplacement follows NextAllocation until the new one runs, by queries that the server holds.
func (s *session) awaitReplacement(stub *api.AllocationListStub) error {
	query := &api.QueryOptions{Namespace: stub.Namespace, WaitIndex: 1, WaitTime: deploymentWait}
	id := stub.ID
	for end := time.Now().Add(patience); time.Now().Before(end); {
		alloc, meta, err := s.client.Allocations().Info(id, query)
		if err != nil {
			return fmt.Errorf("Error retrieving allocation: %w", err)
		}
		query.WaitIndex = meta.LastIndex
		if alloc.NextAllocation != "" {
			id, query.WaitIndex = alloc.NextAllocation, 1
			continue
		}
		if id != stub.ID && alloc.ClientStatus == api.AllocClientStatusRunning {
			s.saw["replaced"] = alloc.PreviousAllocation == stub.ID
			return nil
		}
	}
	return fmt.Errorf("allocation %q was never replaced", stub.ID)
}

func jobTagApply(s *session) (int, error) {
	stub, err := s.job(s.arg(0), "")
	if err != nil {
		return exitFailed, err
	}
	version, err := s.versionFlag(stub)
	if err != nil {
		return exitFailed, err
	}
	_, err = s.client.Jobs().TagVersion(stub.ID, version, s.flags["name"], s.flags["description"], writeIn(stub.Namespace))
	if err != nil {
		return exitFailed, fmt.Errorf("Error tagging job version: %w", err)
	}
	return exitOK, nil
}

// versionFlag is the present version where none is given.
func (s *session) versionFlag(stub *api.JobListStub) (uint64, error) {
	if text, isGiven := s.flags["version"]; isGiven {
		return strconv.ParseUint(text, 10, 64)
	}
	job, _, err := s.client.Jobs().Info(stub.ID, inNamespace(stub.Namespace))
	if err != nil {
		return 0, err
	}
	s.needs("Job.Version", job.Version != nil)
	return *job.Version, nil
}

func jobTagUnset(s *session) (int, error) {
	stub, err := s.job(s.arg(0), "")
	if err != nil {
		return exitFailed, err
	}
	if _, err := s.client.Jobs().UntagVersion(stub.ID, s.flags["name"], writeIn(stub.Namespace)); err != nil {
		return exitFailed, fmt.Errorf("Error untagging job version: %w", err)
	}
	return exitOK, nil
}

// jobAction runs what the job has written down, in one of its allocations, over the job's own route.
func jobAction(s *session) (int, error) {
	alloc, err := s.allocationOfJob(s.flags["job"])
	if err != nil {
		return exitFailed, err
	}
	task, err := s.task(alloc)
	if err != nil {
		return exitFailed, err
	}
	var stdout, stderr bytes.Buffer
	code, err := s.plain.Jobs().ActionExec(context.Background(), alloc, alloc.JobID, task, false, nil, s.arg(0), strings.NewReader(""), &stdout, &stderr, nil, inNamespace(alloc.Namespace))
	if err != nil {
		return exitFailed, fmt.Errorf("failed to exec into task: %w", err)
	}
	s.saw["stdout"], s.saw["stderr"] = stdout.String(), stderr.String()
	return code, nil
}
