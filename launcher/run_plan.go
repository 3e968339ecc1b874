// What comes before the process of a task, in Nomad's order: payload, templates, then its environment and command.
package main

import (
	"fmt"
	"strings"
	"syscall"

	"github.com/nomad-bridge/nomad-bridge/launcher/interpolation"
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
	plan, err := p.request(extra).plan()
	if err != nil {
		return plannedStart{err: err}
	}
	path, err := plan.taskCommand(p.places.root, p.document.Mounts)
	if err != nil {
		syscall.Close(plan.workDir)
		return plannedStart{err: err}
	}
	argv := append([]string{path}, plan.args...)
	return plannedStart{templates: made, plan: plan, argv: argv, values: values.Env}
}

func (p startPlanner) request(extra map[string]string) spawnRequest {
	return spawnRequest{places: p.places, document: p.document, podUID: p.podUID, extra: extra}
}

// render writes the templates before the first start. A restart finds their files as they are, unless the job asks for
// render_templates; a launcher that comes up again only reads them, for the variables that they give.
func (p startPlanner) render(values interpolation.Values) (made *templates, extra map[string]string, err error) {
	anew := p.document.Restart.RenderTemplates
	if p.templates != nil && !anew {
		return p.templates, p.templates.environment(), nil
	}
	made = p.templates
	if made == nil {
		if made, err = newTemplates(p.places, p.document); err != nil {
			return nil, nil, templateFailed(err)
		}
		made.node, made.keep = values.Node, p.prepared && !anew
	}
	if extra, err = made.render(values.Env); err != nil {
		return nil, nil, templateFailed(err)
	}
	made.keep = false
	return made, extra, nil
}

// templateValues is the task's environment, and its node, as templates see them.
func (p startPlanner) templateValues() (interpolation.Values, error) {
	if len(p.document.Templates) == 0 {
		return interpolation.Values{}, nil
	}
	user, err := userOf(p.places, p.document)
	if err != nil {
		return interpolation.Values{}, err
	}
	facts, err := readPodFacts(p.places, p.document, p.podUID, user)
	if err != nil {
		return interpolation.Values{}, err
	}
	environment, err := taskEnvironment(p.document, facts, nil)
	return interpolation.Values{Env: environment, Node: facts.node}, err
}

// templateFailed says so once.
func templateFailed(why error) error {
	if strings.HasPrefix(why.Error(), templateFailedText) {
		return why
	}
	return fmt.Errorf("%s%w", templateFailedText, why)
}
