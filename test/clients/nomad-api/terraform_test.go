package nomadapi

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"
)

// declared is a job as Terraform's provider has it: parsed by the provider, and not made canonical, beside its text and its variables.
type declared struct {
	client *api.Client
	job    *api.Job
	source string
	vars   map[string]string
}

// TestTerraform makes the calls of Terraform's Nomad provider for one job from plan to destroy, and looks at what the provider keeps as state:
// whatever of that differs at the next look is a change that Terraform shows, for ever.
func TestTerraform(t *testing.T) {
	client := managementClient(t)
	atOnce := func(name string, run func(*testing.T)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t)
		})
	}
	atOnce("a service from creation to destruction", func(t *testing.T) { wantServiceLife(t, declare(client, "service")) })
	for _, kind := range []string{"batch", "system", "sysbatch", "periodic", "parameterized"} {
		atOnce("of a "+kind+" job nothing is left to do once it is created", func(t *testing.T) { wantSettledKind(t, declare(client, kind)) })
	}
	atOnce("a scaling policy is settled by the second registration", func(t *testing.T) { wantSettledScaling(t, declare(client, "service")) })
	atOnce("a job that fits no node waits for its deployment", func(t *testing.T) { wantWaitingDeployment(t, declare(client, "service")) })
	atOnce("a job that there is not is gone from the state", func(t *testing.T) {
		_, _, err := client.Jobs().Info(uniqueName("none")+"/a.b", nil)
		wantRefusal(t, err, http.StatusNotFound, "job not found")
	})
}

// declare has a job ID with all that an ID may have, and values that the server has to fill in.
func declare(client *api.Client, kind string) declared {
	task := api.NewTask("t", "exec").SetConfig("command", "/bin/sleep").SetConfig("args", []string{"600"}).Require(&api.Resources{CPU: new(20), MemoryMB: new(32)})
	id, namespace := "tf/"+uniqueName("a.b"), "default"
	job := &api.Job{ID: &id, Name: &id, Namespace: &namespace, Type: &kind, Meta: map[string]string{"by": "terraform"}, TaskGroups: []*api.TaskGroup{{Name: new("g"), Tasks: []*api.Task{task}}}}
	switch kind {
	case "service":
		job.Update = &api.UpdateStrategy{MinHealthyTime: new(time.Second), HealthyDeadline: new(time.Minute), ProgressDeadline: new(2 * time.Minute)}
	case "periodic":
		job.Type, job.Periodic = new("batch"), &api.PeriodicConfig{Specs: []string{"0 3 * * *", "30 4 1 * *"}, ProhibitOverlap: new(true)}
	case "parameterized":
		job.Type, job.ParameterizedJob = new("batch"), &api.ParameterizedJobConfig{Payload: "optional", MetaRequired: []string{"a"}}
	case "batch", "sysbatch":
		task.SetConfig("args", []string{"0"})
	}
	return declared{client: client, job: job, source: "job \"" + id + "\" {}\n", vars: map[string]string{"n": "1"}}
}

func (d declared) id() string { return *d.job.ID }

// apply registers the job, waits as with "detach = false", and returns the state of the deployment, "" where there is none.
func (d declared) apply(t *testing.T, lastIndex uint64) string {
	t.Helper()
	submission := &api.JobSubmission{Source: d.source, Format: "hcl2", VariableFlags: d.vars}
	registered, _, err := d.client.Jobs().RegisterOpts(d.job, &api.RegisterOptions{ModifyIndex: lastIndex, Submission: submission}, nil)
	if err != nil {
		t.Fatalf("registering %s: %v", d.id(), err)
	}
	if read := d.read(t); *read.JobModifyIndex < registered.JobModifyIndex {
		t.Fatalf("registered as %d, and read back as %d: the state is older than the job", registered.JobModifyIndex, *read.JobModifyIndex)
	}
	if registered.EvalID == "" {
		return ""
	}
	return d.deploymentOf(t, registered.EvalID)
}

func (d declared) deploymentOf(t *testing.T, evalID string) string {
	t.Helper()
	evaluation := d.finished(t, evalID)
	for evaluation.NextEval != "" {
		evaluation = d.finished(t, evaluation.NextEval)
	}
	if evaluation.DeploymentID == "" {
		return ""
	}
	var last *api.Deployment
	eventually(t, func() bool {
		deployment, _, err := d.client.Deployments().Info(evaluation.DeploymentID, &api.QueryOptions{Namespace: "default"})
		last = deployment
		return err == nil && (deployment.Status != api.DeploymentStatusRunning || d.fitsNowhere())
	}, func() string { return "the deployment of " + d.id() + " is never over" })
	return last.Status
}

func (d declared) fitsNowhere() bool { return len(d.job.Constraints) > 0 }

func (d declared) finished(t *testing.T, evalID string) *api.Evaluation {
	t.Helper()
	var found *api.Evaluation
	eventually(t, func() bool {
		evaluation, _, err := d.client.Evaluations().Info(evalID, &api.QueryOptions{Namespace: "default"})
		found = evaluation
		return err == nil && evaluation.Status == api.EvalStatusComplete
	}, func() string { return "evaluation " + evalID + " of " + d.id() + " is never complete" })
	return found
}

// read is what becomes the state: the job, and what was submitted for it.
func (d declared) read(t *testing.T) *api.Job {
	t.Helper()
	job, _, err := d.client.Jobs().Info(d.id(), &api.QueryOptions{Namespace: "default"})
	if err != nil {
		t.Fatalf("reading %s: %v", d.id(), err)
	}
	submission, _, err := d.client.Jobs().Submission(d.id(), int(*job.Version), &api.QueryOptions{Namespace: "default"})
	if err != nil {
		t.Fatalf("what was submitted for version %d of %s: %v", *job.Version, d.id(), err)
	}
	if submission.Source != d.source || submission.Format != "hcl2" || !maps.Equal(submission.VariableFlags, d.vars) {
		t.Fatalf("submitted %q with %v, and read back %+v", d.source, d.vars, submission)
	}
	return job
}

// wantPlan asks as `terraform plan` does, after a refresh: what would change, and whether somebody else was faster.
func (d declared) wantPlan(t *testing.T, kind string) {
	t.Helper()
	known := *d.read(t).JobModifyIndex
	plan, _, err := d.client.Jobs().PlanOpts(d.job, &api.PlanOptions{Diff: true}, &api.WriteOptions{Namespace: "default"})
	if err != nil {
		t.Fatalf("a plan of %s: %v", d.id(), err)
	}
	if plan.Diff.Type != kind || plan.JobModifyIndex != known {
		t.Fatalf("the plan of %s is %q at index %s, want %q at %s: %+v", d.id(), plan.Diff.Type, strconv.FormatUint(plan.JobModifyIndex, 10), kind, strconv.FormatUint(known, 10), plan.Diff)
	}
}

func (d declared) wantDeployed(t *testing.T, lastIndex uint64) {
	t.Helper()
	if status := d.apply(t, lastIndex); status != api.DeploymentStatusSuccessful {
		t.Fatalf("the deployment of %s is %q", d.id(), status)
	}
	d.wantPlan(t, "None")
}

// destroy is done twice: a second `terraform destroy` finds a job that is gone.
func (d declared) destroy(t *testing.T) {
	t.Helper()
	for range 2 {
		if _, _, err := d.client.Jobs().Deregister(d.id(), true, &api.WriteOptions{Namespace: "default"}); err != nil && !strings.Contains(err.Error(), "404") {
			t.Fatalf("destroying %s: %v", d.id(), err)
		}
	}
	eventually(t, func() bool {
		_, _, err := d.client.Jobs().Info(d.id(), &api.QueryOptions{Namespace: "default"})
		return err != nil && strings.Contains(err.Error(), "404")
	}, func() string { return d.id() + " is there after it was destroyed" })
}

func wantServiceLife(t *testing.T, d declared) {
	defer d.destroy(t)
	d.wantDeployed(t, 0)
	group := d.job.TaskGroups[0]
	group.Count, d.vars["n"] = new(2), "2"
	d.wantPlanBefore(t, "count")
	d.wantDeployed(t, d.index(t))
	group.Tasks[0].Env = map[string]string{"A": "b"}
	d.wantDeployed(t, d.index(t))
	if _, _, err := d.client.Jobs().Scale(d.id(), "g", new(1), "drift", false, nil, &api.WriteOptions{Namespace: "default"}); err != nil {
		t.Fatalf("scaling: %v", err)
	}
	if got := *d.present(t).TaskGroups[0].Count; got != 1 {
		t.Fatalf("scaled to 1, and read back as %d", got)
	}
	d.wantDeployed(t, d.index(t))
	if _, _, err := d.client.Jobs().Deregister(d.id(), false, &api.WriteOptions{Namespace: "default"}); err != nil {
		t.Fatalf("stopping: %v", err)
	}
	if job := d.present(t); !*job.Stop {
		t.Fatalf("%s was stopped, and does not say so", d.id())
	}
	d.wantDeployed(t, d.index(t))
}

// wantPlanBefore is what a plan says of a change that is not applied yet.
func (d declared) wantPlanBefore(t *testing.T, what string) {
	t.Helper()
	plan, _, err := d.client.Jobs().PlanOpts(d.job, &api.PlanOptions{Diff: true}, &api.WriteOptions{Namespace: "default"})
	if err != nil || plan.Diff.Type != "Edited" {
		t.Fatalf("a plan with another %s: %+v, error %v", what, plan, err)
	}
}

// present is the job alone: a change that was no registration may have no submission of its own.
func (d declared) present(t *testing.T) *api.Job {
	t.Helper()
	job, _, err := d.client.Jobs().Info(d.id(), &api.QueryOptions{Namespace: "default"})
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func (d declared) index(t *testing.T) uint64 {
	t.Helper()
	return *d.present(t).JobModifyIndex
}

func wantSettledKind(t *testing.T, d declared) {
	defer d.destroy(t)
	d.apply(t, 0)
	isParent := d.job.Periodic != nil || d.job.ParameterizedJob != nil
	if job := d.read(t); isParent && *job.Status != "running" {
		t.Fatalf("%s is %q right after its registration", d.id(), *job.Status)
	}
	d.wantPlan(t, "None")
}

func wantSettledScaling(t *testing.T, d declared) {
	defer d.destroy(t)
	d.job.TaskGroups[0].Scaling = &api.ScalingPolicy{Min: new(int64(1)), Max: new(int64(3)), Enabled: new(true), Policy: map[string]any{"cooldown": "1m"}}
	d.apply(t, 0)
	d.wantPlan(t, "Edited")
	d.wantUpdates(t, api.DesiredUpdates{InPlaceUpdate: 1})
	d.wantDeployed(t, d.index(t))
	d.wantUpdates(t, api.DesiredUpdates{Ignore: 1})
}

// wantUpdates is what a plan says of the one group's allocations.
func (d declared) wantUpdates(t *testing.T, want api.DesiredUpdates) {
	t.Helper()
	plan, _, err := d.client.Jobs().PlanOpts(d.job, &api.PlanOptions{}, &api.WriteOptions{Namespace: "default"})
	if err != nil || plan.Annotations == nil || *plan.Annotations.DesiredTGUpdates["g"] != want {
		t.Fatalf("a plan of %s: %+v, error %v, want %+v of its group", d.id(), plan, err, want)
	}
}

func wantWaitingDeployment(t *testing.T, d declared) {
	defer d.destroy(t)
	d.job.Constraints = []*api.Constraint{api.NewConstraint("${attr.kernel.name}", "=", "windows")}
	if status := d.apply(t, 0); status != api.DeploymentStatusRunning {
		t.Fatalf("the deployment of a job that fits no node is %q", status)
	}
	d.wantPlan(t, "None")
}
