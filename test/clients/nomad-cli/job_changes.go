// What `nomad job …` does to a job that is there, and the lists of what has come of it.
package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
)

func jobDispatch(s *session) (int, error) {
	stub, err := s.job(s.arg(0), `ParentID == "" and ParameterizedJob is not nil`)
	if err != nil {
		return exitFailed, err
	}
	meta := map[string]string{}
	for _, pair := range strings.Split(s.flags["meta"], ",") {
		if key, value, isPair := strings.Cut(pair, "="); isPair {
			meta[key] = value
		}
	}
	options := &api.DispatchOptions{JobID: stub.ID, Meta: meta, Payload: []byte(s.flags["payload"]), IdPrefixTemplate: s.flags["id-prefix-template"]}
	reply, _, err := s.client.Jobs().DispatchOpts(options, writeIn(stub.Namespace))
	if err != nil {
		return exitFailed, fmt.Errorf("Failed to dispatch job: %w", err)
	}
	s.saw["dispatched"] = reply.DispatchedJobID
	exit, err := s.monitor(reply.EvalID)
	if err != nil || exit != exitOK || !s.has("wait") {
		return exit, err
	}
	return s.awaitEnd(reply.DispatchedJobID, stub.Namespace)
}

// awaitEnd is what -wait does: it follows the child until it is dead, and ends with 2 where a task of it has failed.
func (s *session) awaitEnd(jobID, namespace string) (int, error) {
	query := &api.QueryOptions{Namespace: namespace, AllowStale: true, WaitIndex: 1, WaitTime: 5 * time.Second}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		job, meta, err := s.client.Jobs().Info(jobID, query)
		if err != nil {
			return exitFailed, err
		}
		query.WaitIndex = meta.LastIndex
		s.needs("Job.Status", job.Status != nil)
		if *job.Status != "dead" {
			continue
		}
		summary, _, err := s.client.Jobs().Summary(jobID, inNamespace(namespace))
		if err != nil {
			return exitFailed, err
		}
		for _, group := range summary.Summary {
			if group.Failed > 0 {
				return exitUnplaced, nil
			}
		}
		return exitOK, nil
	}
	return exitFailed, fmt.Errorf("job %q never ended", jobID)
}

func jobPeriodicForce(s *session) (int, error) {
	stub, err := s.job(s.arg(0), "Periodic is not nil")
	if err != nil {
		return exitFailed, err
	}
	evalID, _, err := s.client.Jobs().PeriodicForce(stub.ID, writeIn(stub.Namespace))
	if err != nil {
		return exitFailed, fmt.Errorf("Error forcing periodic job %q: %w", stub.ID, err)
	}
	return s.monitor(evalID)
}

// jobScale takes `<job> <count>` or `<job> <group> <count>`.
func jobScale(s *session) (int, error) {
	stub, err := s.job(s.arg(0), "")
	if err != nil {
		return exitFailed, err
	}
	group, wanted := s.arg(1), s.arg(2)
	if wanted == "" {
		wanted = group
		if group, err = s.onlyGroup(stub); err != nil {
			return exitFailed, err
		}
	}
	count, err := strconv.ParseInt(wanted, 10, 64)
	if err != nil {
		return exitFailed, fmt.Errorf("Failed to convert count string to int: %w", err)
	}
	index := uint64(0)
	if text, isGiven := s.flags["check-index"]; isGiven {
		if index, err = strconv.ParseUint(text, 10, 64); err != nil {
			return exitFailed, err
		}
	}
	request := &api.ScalingRequest{JobModifyIndex: index, Count: &count, Target: map[string]string{"Job": stub.ID, "Group": group}, Message: "submitted using the Nomad CLI"}
	reply, _, err := s.client.Jobs().ScaleWithRequest(stub.ID, request, writeIn(stub.Namespace))
	if err != nil {
		return exitFailed, fmt.Errorf("Error submitting scaling request: %w", err)
	}
	if _, _, err := s.client.Jobs().Info(stub.ID, inNamespace(stub.Namespace)); err != nil {
		return exitFailed, err
	}
	return s.monitor(reply.EvalID)
}

func (s *session) onlyGroup(stub *api.JobListStub) (string, error) {
	status, _, err := s.client.Jobs().ScaleStatus(stub.ID, inNamespace(stub.Namespace))
	if err != nil {
		return "", fmt.Errorf("Error fetching job scale status: %w", err)
	}
	s.needs("TaskGroups", status.TaskGroups != nil)
	for group := range status.TaskGroups {
		if len(status.TaskGroups) == 1 {
			return group, nil
		}
	}
	return "", fmt.Errorf("Group name required")
}

func jobHistory(s *session) (int, error) {
	stub, err := s.job(s.arg(0), "")
	if err != nil {
		return exitFailed, err
	}
	versions, diffs, _, err := s.client.Jobs().Versions(stub.ID, true, inNamespace(stub.Namespace))
	if err != nil {
		return exitFailed, err
	}
	for _, version := range versions {
		s.needs("Versions[].Version", version.Version != nil)
		s.needs("Versions[].SubmitTime", version.SubmitTime != nil)
		s.needs("Versions[].Stable", version.Stable != nil)
	}
	s.saw["versions"], s.saw["diffs"] = len(versions), len(diffs)
	return exitOK, nil
}

func jobRevert(s *session) (int, error) {
	stub, err := s.job(s.arg(0), "")
	if err != nil {
		return exitFailed, err
	}
	version, err := strconv.ParseUint(s.arg(1), 10, 64)
	if err != nil {
		// What is no number is a tag.
		tagged, _, err := s.client.Jobs().VersionByTag(stub.ID, s.arg(1), inNamespace(stub.Namespace))
		if err != nil {
			return exitFailed, err
		}
		version = *tagged.Version
	}
	reply, _, err := s.client.Jobs().Revert(stub.ID, version, nil, writeIn(stub.Namespace), "", "")
	if err != nil {
		return exitFailed, fmt.Errorf("Error reverting job: %w", err)
	}
	return s.monitor(reply.EvalID)
}

func jobPromote(s *session) (int, error) {
	stub, err := s.job(s.arg(0), "")
	if err != nil {
		return exitFailed, err
	}
	deployment, _, err := s.client.Jobs().LatestDeployment(stub.ID, inNamespace(stub.Namespace))
	if err != nil {
		return exitFailed, err
	}
	if deployment == nil {
		return exitFailed, fmt.Errorf("No deployment found for job %q", stub.ID)
	}
	reply, _, err := s.client.Deployments().PromoteAll(deployment.ID, writeIn(stub.Namespace))
	if err != nil {
		return exitFailed, fmt.Errorf("Error promoting deployment %q: %w", deployment.ID, err)
	}
	return s.monitor(reply.EvalID)
}

func jobEval(s *session) (int, error) {
	stub, err := s.job(s.arg(0), "")
	if err != nil {
		return exitFailed, err
	}
	options := api.EvalOptions{ForceReschedule: s.has("force-reschedule")}
	evalID, _, err := s.client.Jobs().EvaluateWithOpts(stub.ID, options, writeIn(stub.Namespace))
	if err != nil {
		return exitFailed, fmt.Errorf("Error evaluating job: %w", err)
	}
	return s.monitor(evalID)
}

func jobDeployments(s *session) (int, error) {
	stub, err := s.job(s.arg(0), "")
	if err != nil {
		return exitFailed, err
	}
	if s.has("latest") {
		deployment, _, err := s.client.Jobs().LatestDeployment(stub.ID, inNamespace(stub.Namespace))
		if err != nil || deployment == nil {
			return exitFailed, err
		}
		s.saw["id"], s.saw["status"] = deployment.ID, deployment.Status
		return exitOK, nil
	}
	deployments, _, err := s.client.Jobs().Deployments(stub.ID, s.has("all"), inNamespace(stub.Namespace))
	s.saw["deployments"] = len(deployments)
	return exitOK, err
}

func jobAllocs(s *session) (int, error) {
	stub, err := s.job(s.arg(0), "")
	if err != nil {
		return exitFailed, err
	}
	stubs, _, err := s.client.Jobs().Allocations(stub.ID, s.has("all"), inNamespace(stub.Namespace))
	s.saw["allocations"] = len(stubs)
	for _, alloc := range stubs {
		s.saw["id"], s.saw["status"] = alloc.ID, alloc.ClientStatus
		s.needs("ModifyTime", alloc.ModifyTime > 0 && time.Unix(0, alloc.CreateTime).After(time.Unix(0, 0)))
	}
	return exitOK, err
}
