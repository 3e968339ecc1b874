// The templates of a task: rendered to files and variables before it starts, and again when a file that they read changes.
package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/nomad-bridge/nomad-bridge/launcher/interpolation"
	"github.com/nomad-bridge/nomad-bridge/launcher/template"
)

const (
	maxRenderTime       = 10 * time.Second
	missingFileInterval = time.Second
	missingFilePatience = 30 * time.Second
	templatePoll        = 2 * time.Second

	changeModeNoop    = "noop"
	changeModeRestart = "restart"
	changeModeSignal  = "signal"

	dynamicTemplate = "(dynamic)"
)

var errTemplatesStopped = &template.BoundError{Text: "the rendering was stopped, because the task is to end"}

// templates is used by one goroutine at a time, but for the goroutine that watch starts.
type templates struct {
	root  string
	task  string
	all   []*taskTemplate
	limit renderLimits
	// node is for the values of the node that paths name.
	node *interpolation.NodeRecord
	// keep leaves a file that is there as it is, and takes its variables.
	keep bool
	// mutex guards what a rendering leaves behind, in each of all.
	mutex sync.Mutex
}

// renderLimits differ from standardRenderLimits only in tests.
type renderLimits struct{ run, retry, patience, poll time.Duration }

func standardRenderLimits() renderLimits {
	return renderLimits{run: maxRenderTime, retry: missingFileInterval, patience: missingFilePatience, poll: templatePoll}
}

// taskTemplate is one template and what its last rendering left.
type taskTemplate struct {
	documentTemplate
	mode   uint32
	signal syscall.Signal
	// reads is what the last rendering looked at; empty for a template that cannot change.
	reads       map[template.Place]fileMark
	sum         [sha256.Size]byte
	environment map[string]string
}

// newTemplates checks what can be known before there are values. A task without templates costs nothing more.
func newTemplates(places layout, document taskDocument) (*templates, error) {
	t := &templates{root: places.root, task: document.Task, limit: standardRenderLimits()}
	for _, of := range document.Templates {
		mode, err := strconv.ParseUint(of.Perms, 8, 32)
		if err != nil {
			return nil, fmt.Errorf("Template failed: the perms of %q are %q, which is not an octal mode such as 0644", of.Destination, of.Perms)
		}
		// As on Nomad, setuid, setgid and sticky are not for templates.
		made := &taskTemplate{documentTemplate: of, mode: uint32(mode) & 0o777}
		if of.ChangeMode == changeModeSignal {
			number, ok := signalNamed(of.ChangeSignal)
			if !ok {
				return nil, fmt.Errorf("Template failed: the change_signal of %q is %q, which is not a signal", of.Destination, of.ChangeSignal)
			}
			made.signal = number
		}
		t.all = append(t.all, made)
	}
	return t, nil
}

// render writes all templates, and returns the variables of those with env = true; the later template wins. values are
// the task's variables without these. A file that a template reads and that is not there yet is waited for, half a
// minute at most; meanwhile the other templates are rendered, since one can read what another writes.
func (t *templates) render(values map[string]string) (extra map[string]string, err error) {
	pending := t.all
	deadline := time.Now().Add(t.limit.patience)
	for len(pending) > 0 {
		waiting, why := t.renderEach(pending, values)
		if why != nil && !isMissingFile(why) {
			return nil, why
		}
		progress := len(waiting) < len(pending)
		pending = waiting
		if len(pending) == 0 || progress {
			continue
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("%w, even after %v; let an artifact or a prestart task bring it", why, t.limit.patience)
		}
		time.Sleep(t.limit.retry)
	}
	return t.environment(), nil
}

// renderEach returns the templates that miss a file, and why the first of them does, or else the first other error.
func (t *templates) renderEach(pending []*taskTemplate, values map[string]string) (waiting []*taskTemplate, why error) {
	for _, each := range pending {
		_, err := t.renderOne(each, values, nil)
		if err == nil {
			continue
		}
		if !isMissingFile(err) {
			return nil, err
		}
		waiting = append(waiting, each)
		if why == nil {
			why = err
		}
	}
	return waiting, why
}

// environment is the variables of all templates with env = true as they were rendered last, also by watch.
func (t *templates) environment() map[string]string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	all := map[string]string{}
	for _, each := range t.all {
		maps.Copy(all, each.environment)
	}
	return all
}

// renderOne renders and writes one template, and says whether what it renders to has changed since the last time. It ends
// early when quit, which may be nil, is closed.
func (t *templates) renderOne(of *taskTemplate, values map[string]string, quit <-chan struct{}) (changed bool, err error) {
	run := &rendering{templates: t, reads: map[template.Place]fileMark{}, ends: time.Now().Add(t.limit.run), quit: quit}
	source, err := run.source(of, values)
	if err != nil {
		return false, err
	}
	text, err := template.Render(source, template.World{Env: values, ReadFile: run.readFile, Now: time.Now, Step: run.step})
	if err != nil {
		return false, err
	}
	place, err := t.place("template destination", of.Destination, values)
	if err != nil {
		return false, err
	}
	kept, isKept := t.kept(place)
	if isKept {
		text = kept
	}
	environment, err := variablesFrom(of, text)
	if err != nil {
		return false, err
	}
	file := taskFile{content: []byte(text), mode: of.mode, uid: of.UID, gid: of.GID}
	if !isKept {
		err = writeTaskFile(t.root, place, file)
	}
	if err != nil {
		return false, fmt.Errorf("Template failed: %s cannot be written: %w", place, err)
	}
	sum := sha256.Sum256(file.content)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	changed = sum != of.sum
	of.sum, of.reads, of.environment = sum, run.reads, environment
	return changed, nil
}

// kept is what the file holds that an earlier launcher of the pod has rendered.
func (t *templates) kept(place template.Place) (string, bool) {
	if !t.keep {
		return "", false
	}
	directory, err := openDirectoryOf(t.root, place, false)
	if err != nil {
		return "", false
	}
	defer syscall.Close(directory)
	content, _, err := readFileIn(directory, path.Base(place.Below))
	return string(content), err == nil
}

func variablesFrom(of *taskTemplate, text string) (map[string]string, error) {
	if !of.Env {
		return nil, nil
	}
	environment, err := template.ParseEnv(text)
	if err != nil {
		return nil, fmt.Errorf("Template failed: the env template %q is not a file of NAME=value lines: %w", of.Destination, err)
	}
	return environment, nil
}

func (t *templates) place(what, path string, values map[string]string) (template.Place, error) {
	place, err := template.FindPlace(what, t.task, interpolation.Replace(path, interpolation.Values{Env: values, Node: t.node}))
	if err != nil {
		return place, fmt.Errorf("Template failed: %w", err)
	}
	return place, nil
}

// rendering is one run of one template.
type rendering struct {
	templates *templates
	reads     map[template.Place]fileMark
	ends      time.Time
	quit      <-chan struct{}
}

func (r *rendering) step() error {
	select {
	case <-r.quit:
		return errTemplatesStopped
	default:
	}
	if time.Now().After(r.ends) {
		return &template.BoundError{Text: fmt.Sprintf("it ran longer than %v; make its loops shorter", r.templates.limit.run)}
	}
	return nil
}

func (r *rendering) source(of *taskTemplate, values map[string]string) (template.Source, error) {
	source := template.Source{
		Name: dynamicTemplate, Text: of.Data,
		LeftDelimiter: of.LeftDelimiter, RightDelimiter: of.RightDelimiter, ErrMissingKey: of.ErrMissingKey,
	}
	if of.Source == "" {
		return source, nil
	}
	place, err := r.templates.place("template source", of.Source, values)
	if err != nil {
		return source, err
	}
	content, mark, err := readTaskFile(r.templates.root, place)
	if err != nil {
		return source, fmt.Errorf("Template failed: the source %s cannot be read: %w; let an artifact bring it", place, err)
	}
	r.reads[place] = mark
	source.Name, source.Text = place.String(), string(content)
	return source, nil
}

// missingFile is a file that may come yet.
type missingFile struct{ place template.Place }

func (m *missingFile) Error() string { return fmt.Sprintf("%s does not exist", m.place) }

func isMissingFile(err error) bool {
	var missing *missingFile
	return errors.As(err, &missing)
}

// readFile is the function file of templates.
func (r *rendering) readFile(path string) (string, error) {
	if err := r.step(); err != nil {
		return "", err
	}
	place, err := template.FindPlace("file", r.templates.task, path)
	if err != nil {
		return "", err
	}
	content, mark, err := readTaskFile(r.templates.root, place)
	if errors.Is(err, fs.ErrNotExist) {
		return "", &missingFile{place: place}
	}
	if err != nil {
		return "", fmt.Errorf("%s cannot be read: %w", place, err)
	}
	r.reads[place] = mark
	return string(content), nil
}
