// What follows an evaluation, and its deployment, until both have ended: the end of run, stop, scale, dispatch and others.
package main

import (
	"fmt"
	"time"

	"github.com/hashicorp/nomad/api"
)

// The CLI's exit codes after a monitor.
const (
	exitOK         = 0
	exitFailed     = 1
	exitUnplaced   = 2
	monitorPause   = time.Second
	deploymentWait = 2 * time.Second
)

func (s *session) monitor(evalID string) (int, error) {
	s.saw["evalID"] = evalID
	if evalID == "" || s.has("detach") {
		s.saw["evaluation"] = evalID
		return exitOK, nil
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(monitorPause) {
		evaluation, _, err := s.client.Evaluations().Info(evalID, nil)
		if err != nil {
			return exitFailed, fmt.Errorf("No evaluation with id %q found: %w", evalID, err)
		}
		if _, _, err := s.client.Evaluations().Allocations(evalID, nil); err != nil {
			return exitFailed, fmt.Errorf("Error reading allocations: %w", err)
		}
		switch evaluation.Status {
		case api.EvalStatusComplete, api.EvalStatusFailed, api.EvalStatusCancelled:
			return s.afterEvaluation(evaluation)
		}
	}
	return exitFailed, fmt.Errorf("evaluation %q never ended", evalID)
}

func (s *session) afterEvaluation(evaluation *api.Evaluation) (int, error) {
	s.saw["evaluation"] = map[string]any{"Status": evaluation.Status, "TriggeredBy": evaluation.TriggeredBy, "BlockedEval": evaluation.BlockedEval != "", "Unplaced": len(evaluation.FailedTGAllocs)}
	s.saw["blocked"] = evaluation.BlockedEval
	for group, metric := range evaluation.FailedTGAllocs {
		s.needs("FailedTGAllocs["+group+"]", metric != nil)
		if metric != nil {
			s.saw["metric"] = metric
		}
	}
	if evaluation.Status == api.EvalStatusComplete && evaluation.NextEval != "" {
		time.Sleep(evaluation.Wait)
		return s.monitor(evaluation.NextEval)
	}
	if evaluation.DeploymentID != "" {
		if exit, err := s.monitorDeployment(evaluation.DeploymentID); exit != exitOK || err != nil {
			return exit, err
		}
	}
	if len(evaluation.FailedTGAllocs) > 0 {
		return exitUnplaced, nil
	}
	if evaluation.Status != api.EvalStatusComplete {
		return exitFailed, nil
	}
	return exitOK, nil
}

// monitorDeployment has no pause of its own: it lives off the server holding its queries.
func (s *session) monitorDeployment(id string) (int, error) {
	query := &api.QueryOptions{AllowStale: true, WaitIndex: 1, WaitTime: deploymentWait}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		deployment, meta, err := s.client.Deployments().Info(id, query)
		if err != nil {
			return exitFailed, fmt.Errorf("Error fetching deployment: %w", err)
		}
		query.WaitIndex = meta.LastIndex
		switch deployment.Status {
		case "running", "paused", "pending", "initializing", "unblocking":
			continue
		}
		s.saw["deployment"] = map[string]any{"Status": deployment.Status, "StatusDescription": deployment.StatusDescription}
		if deployment.Status == "failed" {
			return exitFailed, s.followRollback(deployment)
		}
		if deployment.Status != "successful" {
			return exitFailed, nil
		}
		return exitOK, nil
	}
	return exitFailed, fmt.Errorf("deployment %q never ended", id)
}

func (s *session) followRollback(deployment *api.Deployment) error {
	for _, group := range deployment.TaskGroups {
		if !group.AutoRevert {
			continue
		}
		time.Sleep(monitorPause)
		latest, _, err := s.client.Jobs().LatestDeployment(deployment.JobID, inNamespace(deployment.Namespace))
		if err != nil {
			return err
		}
		s.saw["rollback"] = latest != nil && latest.ID != deployment.ID
		return nil
	}
	return nil
}
