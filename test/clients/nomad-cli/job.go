// `nomad job …`.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/hashicorp/nomad/api"
)

var jobSequences = map[string]sequence{
	"job run":            jobRun,
	"job plan":           jobPlan,
	"job validate":       jobValidate,
	"job status":         jobStatus,
	"job stop":           jobStop,
	"job inspect":        jobInspect,
	"job dispatch":       jobDispatch,
	"job periodic force": jobPeriodicForce,
	"job scale":          jobScale,
	"job history":        jobHistory,
	"job revert":         jobRevert,
	"job promote":        jobPromote,
	"job eval":           jobEval,
	"job deployments":    jobDeployments,
	"job allocs":         jobAllocs,
}

// jobPage is how many the CLI looks at to find the one that a prefix means.
const jobPage = 20

// job finds the one that is meant: the ID itself, or the only one that begins so.
func (s *session) job(prefix, filter string) (*api.JobListStub, error) {
	query := &api.QueryOptions{Prefix: prefix, PerPage: jobPage, Filter: filter}
	stubs, _, err := s.client.Jobs().List(query)
	if err != nil && filter != "" && strings.Contains(err.Error(), "failed to create result paginator") {
		query.Filter = ""
		stubs, _, err = s.client.Jobs().List(query)
	}
	if err != nil {
		return nil, fmt.Errorf("Error querying jobs: %w", err)
	}
	if len(stubs) == 0 {
		return nil, notFound("job", prefix)
	}
	for _, stub := range stubs {
		if stub.ID == prefix {
			return stub, nil
		}
	}
	if len(stubs) > 1 {
		ids := make([]string, len(stubs))
		for at, stub := range stubs {
			ids[at] = stub.ID
		}
		return nil, manyFound("job", ids)
	}
	return stubs[0], nil
}

// source is a job as JSON in a file: what the CLI has parsed from HCL before it makes a call.
func (s *session) source() (*api.Job, string, error) {
	text, err := os.ReadFile(s.arg(0))
	if err != nil {
		return nil, "", err
	}
	var wrapped struct{ Job *api.Job }
	if err := json.Unmarshal(text, &wrapped); err != nil {
		return nil, "", fmt.Errorf("Failed to parse JSON job: %w", err)
	}
	if wrapped.Job == nil {
		return nil, "", fmt.Errorf("Failed to parse JSON job: no Job in it")
	}
	return wrapped.Job, string(text), nil
}

func jobRun(s *session) (int, error) {
	job, source, err := s.source()
	if err != nil {
		return exitFailed, err
	}
	options := &api.RegisterOptions{Submission: &api.JobSubmission{Source: source, Format: "json"}, PreserveCounts: s.has("preserve-counts")}
	if index, isGiven := s.flags["check-index"]; isGiven {
		options.EnforceIndex = true
		options.ModifyIndex, err = strconv.ParseUint(index, 10, 64)
		if err != nil {
			return exitFailed, err
		}
	}
	reply, _, err := s.client.Jobs().RegisterOpts(job, options, nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error submitting job: %w", err)
	}
	s.saw["warnings"] = reply.Warnings
	s.saw["index"] = reply.JobModifyIndex
	if job.IsPeriodic() || job.IsParameterized() || job.IsMultiregion() {
		return exitOK, nil
	}
	return s.monitor(reply.EvalID)
}

// The CLI says by its exit code whether anything would change.
const (
	exitPlanSame    = 0
	exitPlanChanges = 1
	exitPlanFailed  = 255
)

func jobPlan(s *session) (int, error) {
	job, _, err := s.source()
	if err != nil {
		return exitPlanFailed, err
	}
	plan, _, err := s.client.Jobs().PlanOpts(job, &api.PlanOptions{Diff: true}, nil)
	if err != nil {
		s.saw["refusal"] = err.Error()
		return exitPlanFailed, nil
	}
	s.needs("Diff", plan.Diff != nil)
	if plan.Diff != nil {
		s.saw["diff"] = plan.Diff.Type
	}
	s.saw["unplaced"] = len(plan.FailedTGAllocs)
	exit := exitPlanSame
	if plan.Annotations != nil {
		for group, updates := range plan.Annotations.DesiredTGUpdates {
			s.needs("DesiredTGUpdates["+group+"]", updates != nil)
			if updates != nil && updates.Stop+updates.Place+updates.Migrate+updates.DestructiveUpdate+updates.Canary > 0 {
				exit = exitPlanChanges
			}
		}
	}
	return exit, nil
}

func jobValidate(s *session) (int, error) {
	job, _, err := s.source()
	if err != nil {
		return exitFailed, err
	}
	reply, _, err := s.client.Jobs().Validate(job, nil)
	if err != nil {
		return exitFailed, err
	}
	s.saw["errors"], s.saw["warnings"] = reply.ValidationErrors, reply.Warnings
	if len(reply.ValidationErrors) > 0 || reply.Error != "" {
		return exitFailed, nil
	}
	return exitOK, nil
}

func jobStatus(s *session) (int, error) {
	if s.arg(0) == "" {
		stubs, _, err := s.client.Jobs().List(nil)
		for _, stub := range stubs {
			s.needs("JobSummary of "+stub.ID, stub.JobSummary != nil)
		}
		s.saw["jobs"] = len(stubs)
		return exitOK, err
	}
	stub, err := s.job(s.arg(0), "")
	if err != nil {
		return exitFailed, err
	}
	query := inNamespace(stub.Namespace)
	job, _, err := s.client.Jobs().Info(stub.ID, query)
	if err != nil {
		return exitFailed, fmt.Errorf("Error querying job: %w", err)
	}
	s.readJob(job)
	if job.IsPeriodic() || job.IsParameterized() {
		return s.childrenStatus(job)
	}
	if err := s.jobDetails(job, query); err != nil {
		return exitFailed, err
	}
	s.hints()
	return exitOK, nil
}

func (s *session) readJob(job *api.Job) {
	fields := map[string]bool{
		"ID": job.ID != nil, "Name": job.Name != nil, "SubmitTime": job.SubmitTime != nil, "Type": job.Type != nil, "Priority": job.Priority != nil,
		"Namespace": job.Namespace != nil, "Status": job.Status != nil, "Stop": job.Stop != nil, "Datacenters": job.Datacenters != nil,
	}
	for field, isThere := range fields {
		s.needs("Job."+field, isThere)
	}
	if job.Status != nil {
		s.saw["status"] = *job.Status
	}
}

func (s *session) jobDetails(job *api.Job, query *api.QueryOptions) error {
	stubs, _, err := s.client.Jobs().Allocations(*job.ID, s.has("all-allocs"), query)
	if err != nil {
		return fmt.Errorf("Error querying job allocations: %w", err)
	}
	evaluations, _, err := s.client.Jobs().Evaluations(*job.ID, query)
	if err != nil {
		return fmt.Errorf("Error querying job evaluations: %w", err)
	}
	deployment, _, err := s.client.Jobs().LatestDeployment(*job.ID, query)
	if err != nil {
		return fmt.Errorf("Error querying latest job deployment: %w", err)
	}
	summary, _, err := s.client.Jobs().Summary(*job.ID, query)
	if err != nil {
		return fmt.Errorf("Error querying job summary: %w", err)
	}
	s.needs("Summary", summary.Summary != nil)
	s.saw["allocations"], s.saw["evaluations"], s.saw["deployment"] = len(stubs), len(evaluations), deployment != nil
	running := 0
	for _, group := range summary.Summary {
		running += group.Running
	}
	s.saw["running"] = running
	for _, stub := range stubs {
		if stub.FollowupEvalID == "" {
			continue
		}
		if _, _, err := s.client.Evaluations().Info(stub.FollowupEvalID, query); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) childrenStatus(job *api.Job) (int, error) {
	kind := "dispatch"
	if job.IsPeriodic() {
		kind = "periodic"
	}
	children, _, err := s.client.Jobs().PrefixList(fmt.Sprintf("%s/%s-", *job.ID, kind))
	s.saw["children"] = len(children)
	return exitOK, err
}

func jobStop(s *session) (int, error) {
	stub, err := s.job(s.arg(0), "")
	if err != nil {
		return exitFailed, err
	}
	job, _, err := s.client.Jobs().Info(stub.ID, inNamespace(stub.Namespace))
	if err != nil {
		return exitFailed, fmt.Errorf("Error deregistering job: %w", err)
	}
	options := &api.DeregisterOptions{Purge: s.has("purge"), Global: s.has("global"), NoShutdownDelay: s.has("no-shutdown-delay")}
	evalID, _, err := s.client.Jobs().DeregisterOpts(*job.ID, options, writeIn(stub.Namespace))
	if err != nil {
		return exitFailed, fmt.Errorf("Error deregistering job: %w", err)
	}
	return s.monitor(evalID)
}

func jobInspect(s *session) (int, error) {
	stub, err := s.job(s.arg(0), "")
	if err != nil {
		return exitFailed, err
	}
	query := inNamespace(stub.Namespace)
	if s.flags["version"] != "" {
		return s.inspectVersion(stub, query)
	}
	job, _, err := s.client.Jobs().Info(stub.ID, query)
	if err != nil {
		return exitFailed, err
	}
	if s.has("hcl") {
		s.needs("Job.Version", job.Version != nil)
		submission, _, err := s.client.Jobs().Submission(stub.ID, int(*job.Version), query)
		if err != nil {
			return exitFailed, err
		}
		s.saw["source"] = submission.Source
		return exitOK, nil
	}
	s.saw["job"] = map[string]any{"Job": job}
	return exitOK, nil
}

func (s *session) inspectVersion(stub *api.JobListStub, query *api.QueryOptions) (int, error) {
	versions, _, _, err := s.client.Jobs().Versions(stub.ID, false, query)
	if err != nil {
		return exitFailed, err
	}
	for _, version := range versions {
		s.needs("Versions[].Version", version.Version != nil)
		if fmt.Sprint(*version.Version) == s.flags["version"] {
			s.saw["job"] = map[string]any{"Job": version}
			return exitOK, nil
		}
	}
	return exitFailed, fmt.Errorf("job %q with version %q couldn't be found", stub.ID, s.flags["version"])
}
