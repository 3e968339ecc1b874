// `nomad deployment …` and `nomad eval …`.
package main

import (
	"fmt"

	"github.com/hashicorp/nomad/api"
)

var deploymentSequences = map[string]sequence{
	"deployment list":    deploymentList,
	"deployment status":  deploymentStatus,
	"deployment promote": deploymentChange(promote),
	"deployment pause":   deploymentChange(pause(true)),
	"deployment resume":  deploymentChange(pause(false)),
	"deployment fail":    deploymentChange(fail),
	"deployment unblock": deploymentChange(unblock),
	"eval list":          evalList,
	"eval status":        evalStatus,
}

func deploymentList(s *session) (int, error) {
	deployments, _, err := s.client.Deployments().List(nil)
	s.saw["deployments"] = len(deployments)
	return exitOK, err
}

func (s *session) deployment(prefix string) (*api.Deployment, error) {
	deployments, _, err := s.client.Deployments().PrefixList(evenPrefix(prefix))
	if err != nil {
		return nil, fmt.Errorf("Error retrieving deployment: %w", err)
	}
	if len(deployments) == 0 {
		return nil, notFound("deployment", prefix)
	}
	if len(deployments) > 1 {
		ids := make([]string, len(deployments))
		for at, deployment := range deployments {
			ids[at] = deployment.ID
		}
		return nil, manyFound("deployment", ids)
	}
	return deployments[0], nil
}

func deploymentStatus(s *session) (int, error) {
	if s.arg(0) == "" {
		return deploymentList(s)
	}
	deployment, err := s.deployment(s.arg(0))
	if err != nil {
		return exitFailed, err
	}
	s.saw["status"] = deployment.Status
	for group, state := range deployment.TaskGroups {
		s.needs("TaskGroups["+group+"]", state != nil)
	}
	s.hints()
	return exitOK, nil
}

type deploymentCall func(*session, *api.Deployment, *api.WriteOptions) (*api.DeploymentUpdateResponse, *api.WriteMeta, error)

func deploymentChange(change deploymentCall) sequence {
	return func(s *session) (int, error) {
		deployment, err := s.deployment(s.arg(0))
		if err != nil {
			return exitFailed, err
		}
		reply, _, err := change(s, deployment, writeIn(deployment.Namespace))
		if err != nil {
			return exitFailed, err
		}
		if reply.RevertedJobVersion != nil {
			s.saw["reverted"] = *reply.RevertedJobVersion
		}
		return s.monitor(reply.EvalID)
	}
}

func promote(s *session, deployment *api.Deployment, options *api.WriteOptions) (*api.DeploymentUpdateResponse, *api.WriteMeta, error) {
	return s.client.Deployments().PromoteAll(deployment.ID, options)
}

func unblock(s *session, deployment *api.Deployment, options *api.WriteOptions) (*api.DeploymentUpdateResponse, *api.WriteMeta, error) {
	return s.client.Deployments().Unblock(deployment.ID, options)
}

func fail(s *session, deployment *api.Deployment, options *api.WriteOptions) (*api.DeploymentUpdateResponse, *api.WriteMeta, error) {
	return s.client.Deployments().Fail(deployment.ID, options)
}

func pause(isPaused bool) deploymentCall {
	return func(s *session, deployment *api.Deployment, options *api.WriteOptions) (*api.DeploymentUpdateResponse, *api.WriteMeta, error) {
		return s.client.Deployments().Pause(deployment.ID, isPaused, options)
	}
}

func evalList(s *session) (int, error) {
	evaluations, _, err := s.client.Evaluations().List(&api.QueryOptions{PerPage: int32(jobPage), Filter: s.flags["filter"]})
	s.saw["evaluations"] = len(evaluations)
	jobs := []string{}
	for _, evaluation := range evaluations {
		jobs = append(jobs, evaluation.JobID)
	}
	s.saw["jobs"] = jobs
	return exitOK, err
}

func evalStatus(s *session) (int, error) {
	evaluations, _, err := s.client.Evaluations().PrefixList(evenPrefix(s.arg(0)))
	if err != nil {
		return exitFailed, fmt.Errorf("Error querying evaluation: %w", err)
	}
	if len(evaluations) == 0 {
		return exitFailed, notFound("evaluation", s.arg(0))
	}
	evaluation, _, err := s.client.Evaluations().Info(evaluations[0].ID, inNamespace(evaluations[0].Namespace))
	if err != nil {
		return exitFailed, err
	}
	s.saw["status"], s.saw["trigger"] = evaluation.Status, evaluation.TriggeredBy
	if s.has("monitor") {
		return s.monitor(evaluation.ID)
	}
	stubs, _, err := s.client.Evaluations().Allocations(evaluation.ID, inNamespace(evaluation.Namespace))
	s.saw["allocations"] = len(stubs)
	return exitOK, err
}
