// Package template renders consul-template's language as far as it makes sense without Consul, Vault and Nomad's
// variables. It is pure: files, variables and the clock are passed in. Every loop and every call is counted, so that no
// template runs, recurses or writes without end.
package template

import (
	"errors"
	"fmt"
	"strings"
	text "text/template"
	"text/template/parse"
	"time"
)

const (
	// MaxSourceBytes bounds a template's own text; what is nested in it is recursion for the parser.
	MaxSourceBytes = 256 * 1024
	// MaxBytes bounds a rendered text, each text that a function makes, and each file that is read.
	MaxBytes = 1024 * 1024

	maxTemplateDepth = 1000
	stepFunction     = "nomadBridgeStep"
	enterFunction    = "nomadBridgeEnter"
	leaveFunction    = "nomadBridgeLeave"
)

// Source is one template.
type Source struct {
	// Name is what errors call it: "(dynamic)" for a text of the job itself, else the file's path.
	Name                          string
	Text                          string
	LeftDelimiter, RightDelimiter string
	ErrMissingKey                 bool
}

// World is all that a template can see.
type World struct {
	Env map[string]string
	// ReadFile is asked for each call of file.
	ReadFile func(path string) (string, error)
	Now      func() time.Time
	// Step is called for each turn of a loop and each call of a template; its error ends the rendering.
	Step func() error
}

// BoundError is a template that was stopped; its text stands alone.
type BoundError struct{ Text string }

func (e *BoundError) Error() string { return e.Text }

func bound(format string, values ...any) error {
	return &BoundError{Text: fmt.Sprintf(format, values...)}
}

// Render begins each error as Nomad does: "Template failed: (dynamic): parse: template: :1: …". No error holds a value
// that a function was given, because that can be a secret.
func Render(source Source, world World) (rendered string, err error) {
	defer func() {
		// text/template panics again on what it holds for an error of its own.
		if caught := recover(); caught != nil {
			err = fmt.Errorf("Template failed: %s: execute: template: it cannot be executed", source.Name)
		}
	}()
	if len(source.Text) > MaxSourceBytes {
		return "", fmt.Errorf("Template failed: %s: the template is longer than %d KiB; split it, or read a part of it with file",
			source.Name, MaxSourceBytes/1024)
	}
	run := &execution{world: world, scratch: scratchpad{values: map[string]any{}, budget: budget{left: maxScratchBytes}}}
	run.set, err = run.parse(source)
	if err != nil {
		return "", fmt.Errorf("Template failed: %s: parse: %w%s", source.Name, err, adviceFor(err))
	}
	var output limitedText
	if err := run.set.Execute(&output, nil); err != nil {
		return "", executionError(source.Name, err)
	}
	return output.text.String(), nil
}

func executionError(name string, err error) error {
	var stopped *BoundError
	if errors.As(err, &stopped) {
		return fmt.Errorf("Template failed: %s: %w", name, stopped)
	}
	return fmt.Errorf("Template failed: %s: execute: %w", name, err)
}

// execution is one rendering.
type execution struct {
	world   World
	set     *text.Template
	scratch scratchpad
	depth   int
}

func (e *execution) parse(source Source) (*text.Template, error) {
	set := text.New("").Funcs(e.functions()).Funcs(text.FuncMap{
		stepFunction:  func() (string, error) { return "", e.world.Step() },
		enterFunction: e.enter,
		leaveFunction: func() string { e.depth--; return "" },
	}).Option("missingkey=zero")
	if source.ErrMissingKey {
		set.Option("missingkey=error")
	}
	counters, err := set.New(stepFunction).Parse("{{" + stepFunction + "}}{{" + enterFunction + "}}{{" + leaveFunction + "}}")
	if err != nil {
		return nil, err
	}
	step, enter, leave := counters.Root.Nodes[0], counters.Root.Nodes[1], counters.Root.Nodes[2]
	if _, err := set.Delims(source.LeftDelimiter, source.RightDelimiter).Parse(source.Text); err != nil {
		return nil, err
	}
	for _, each := range set.Templates() {
		if each.Tree == nil || each.Root == nil {
			continue
		}
		countLoops(each.Root, step)
		each.Root.Nodes = append(append([]parse.Node{enter}, each.Root.Nodes...), leave)
	}
	return set, nil
}

func (e *execution) enter() (string, error) {
	e.depth++
	if e.depth > maxTemplateDepth {
		return "", bound("templates call each other more than %d deep; end the recursion earlier", maxTemplateDepth)
	}
	return "", e.world.Step()
}

// countLoops puts step in front of the body of every loop. text/template can loop over a plain number, and over the
// same list again and again inside another loop, without calling any function.
func countLoops(list *parse.ListNode, step parse.Node) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch node := node.(type) {
		case *parse.IfNode:
			countLoops(node.List, step)
			countLoops(node.ElseList, step)
		case *parse.WithNode:
			countLoops(node.List, step)
			countLoops(node.ElseList, step)
		case *parse.RangeNode:
			countLoops(node.List, step)
			countLoops(node.ElseList, step)
			node.List.Nodes = append([]parse.Node{step}, node.List.Nodes...)
		}
	}
}

// limitedText stops a template that writes too much.
type limitedText struct{ text strings.Builder }

func (l *limitedText) Write(piece []byte) (int, error) {
	if err := checkSize(l.text.Len() + len(piece)); err != nil {
		return 0, err
	}
	return l.text.Write(piece)
}

func checkSize(bytes int) error {
	if bytes > MaxBytes {
		return bound("it makes a text of more than %d KiB; render less, or fetch a large file as an artifact", MaxBytes/1024)
	}
	return nil
}
