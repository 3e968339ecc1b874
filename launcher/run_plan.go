// What comes before the process of a task, in Nomad's order: payload, templates, then its environment and command.
package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
)

const templateFailedText = "Template failed: "

// startPlanner has all that a start needs of the launcher. It changes nothing there: it works beside the loop.
type startPlanner struct {
	places   layout
	document taskDocument
	podUID   string
	// prepared: what is done once in the life of a pod has been done.
	prepared bool
	// templates is nil before the first start.
	templates *templates
}

// plannedStart has an err that becomes the reason of a start that failed, or a plan whose workDir must be closed.
type plannedStart struct {
	templates *templates
	plan      spawnPlan
	argv      []string
	// values are the variables without those of templates.
	values map[string]string
	err    error
}

func (p startPlanner) plan() plannedStart {
	// A restart finds the payload as the task has left it.
	if !p.prepared {
		if err := writePayload(p.places, p.document); err != nil {
			return plannedStart{err: err}
		}
	}
	values, err := p.templateValues()
	if err != nil {
		return plannedStart{err: err}
	}
	made, extra, err := p.render(values)
	if err != nil {
		return plannedStart{err: err}
	}
	plan, err := p.spawnPlan(extra)
	if err != nil {
		return plannedStart{err: err}
	}
	path, err := findTaskCommand(p.places.root, p.document.Command, p.document.Mounts)
	if err != nil {
		syscall.Close(plan.workDir)
		return plannedStart{err: err}
	}
	argv := append([]string{path}, p.document.Args...)
	return plannedStart{templates: made, plan: plan, argv: argv, values: values}
}

// render also renders again what an earlier launcher of the pod has rendered: the variables of templates are nowhere else.
func (p startPlanner) render(values map[string]string) (made *templates, extra map[string]string, err error) {
	made = p.templates
	if made == nil {
		if made, err = newTemplates(p.places, p.document); err != nil {
			return nil, nil, templateFailed(err)
		}
	}
	if extra, err = made.render(values); err != nil {
		return nil, nil, templateFailed(err)
	}
	return made, extra, nil
}

// templateValues is the task's environment as templates see it.
func (p startPlanner) templateValues() (map[string]string, error) {
	if len(p.document.Templates) == 0 {
		return nil, nil
	}
	plan, err := planSpawn(p.places, p.document, p.podUID)
	if err != nil {
		return nil, err
	}
	syscall.Close(plan.workDir)
	return variablesOf(plan.environment), nil
}

func (p startPlanner) spawnPlan(extra map[string]string) (spawnPlan, error) {
	plan, err := planSpawn(p.places, p.document, p.podUID)
	if err != nil {
		return spawnPlan{}, err
	}
	plan.environment = withVariables(plan.environment, extra)
	return plan, nil
}

// templateFailed says so once.
func templateFailed(why error) error {
	if strings.HasPrefix(why.Error(), templateFailedText) {
		return why
	}
	return fmt.Errorf("%s%w", templateFailedText, why)
}

func variablesOf(environment []string) map[string]string {
	variables := make(map[string]string, len(environment))
	for _, entry := range environment {
		name, value, _ := strings.Cut(entry, "=")
		variables[name] = value
	}
	return variables
}

// withVariables is sorted; extra wins.
func withVariables(environment []string, extra map[string]string) []string {
	all := variablesOf(environment)
	maps.Copy(all, extra)
	list := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, name+"="+all[name])
	}
	return list
}
