// Answers what Nomad's own Go api module makes of a job: one JSON request a line on stdin, one JSON reply a line on stdout.
// Used by test/unit/nomad/jobspec/go-api.test.ts.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
)

type request struct {
	Op   string
	JSON string
	// Of the question "launch": where a cron expression is due next after a time in Unix seconds.
	Spec, Zone string
	After      int64
}

type reply struct {
	Error  string                `json:",omitempty"`
	Result json.RawMessage       `json:",omitempty"`
	Schema map[string][][]string `json:",omitempty"`
}

// JobRegisterRequest is what a server decodes: its field names stand in the errors of encoding/json.
type JobRegisterRequest struct{ Job *api.Job }

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var asked request
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := out.Encode(answer(asked)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func answer(asked request) reply {
	if asked.Op == "schema" {
		return reply{Schema: schema()}
	}
	if asked.Op == "launch" {
		return launch(asked)
	}
	var registered JobRegisterRequest
	if err := json.Unmarshal([]byte(asked.JSON), &registered); err != nil {
		return reply{Error: err.Error()}
	}
	if asked.Op == "canonicalise" {
		registered.Job.Canonicalize()
	}
	encoded, err := json.Marshal(registered.Job)
	if err != nil {
		return reply{Error: err.Error()}
	}
	return reply{Result: encoded}
}

func launch(asked request) reply {
	zone, err := time.LoadLocation(asked.Zone)
	if err != nil {
		return reply{Error: err.Error()}
	}
	cron, enabled := api.PeriodicSpecCron, true
	periodic := api.PeriodicConfig{Enabled: &enabled, Spec: &asked.Spec, SpecType: &cron}
	next, err := periodic.Next(time.Unix(asked.After, 0).In(zone))
	if err != nil {
		return reply{Error: err.Error()}
	}
	return reply{Result: json.RawMessage(strconv.FormatInt(next.Unix(), 10))}
}

// schema lists the fields of each struct that a job holds: Go name, kind, name in HCL, type.
func schema() map[string][][]string {
	rows := map[string][][]string{}
	queue := []reflect.Type{reflect.TypeFor[api.Job]()}
	for len(queue) > 0 {
		owner := queue[0]
		queue = queue[1:]
		if _, seen := rows[owner.Name()]; seen {
			continue
		}
		rows[owner.Name()] = [][]string{}
		for i := range owner.NumField() {
			field := owner.Field(i)
			if field.Tag.Get("json") == "-" {
				continue
			}
			rows[owner.Name()] = append(rows[owner.Name()], row(field))
			if held := element(field.Type); held.Kind() == reflect.Struct {
				queue = append(queue, held)
			}
		}
	}
	return rows
}

func element(held reflect.Type) reflect.Type {
	for held.Kind() == reflect.Pointer || held.Kind() == reflect.Slice || held.Kind() == reflect.Map {
		held = held.Elem()
	}
	return held
}

func row(field reflect.StructField) []string {
	name, kind, _ := strings.Cut(field.Tag.Get("hcl"), ",")
	written := map[string]string{"optional": "attribute", "block": "block", "label": "label", "": "required"}[kind]
	if field.Tag.Get("hcl") == "" {
		written = "none"
	}
	spelled := strings.NewReplacer("api.", "", "interface {}", "any", "[]uint8", "[]byte").Replace(field.Type.String())
	return []string{field.Name, written, name, spelled}
}
