// What HashiCorp's own library makes of a text, beside what ours does.
package oracle

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	hcljson "github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/nomad-bridge/nomad-bridge/launcher/interpolation"
)

var environment = map[string]string{
	"NOMAD_TASK_NAME": "web", "NOMAD_TASK_DIR": "/local", "NOMAD_ALLOC_INDEX": "3", "NOMAD_PORT_http": "8080", "NOMAD_META_owner": "Ada Lovelace",
	"EMPTY": "", "LIST": "a,b,c", "JSON": `{"a":[1,2.5,{"b":null}],"c":true}`, "with-dash": "dashed", "dotted.name": "nested", "bad..name": "flat",
	"TRUE": "true", "NUMBER": "12.50", "MARKED": "${NOMAD_TASK_NAME}", "WORDS": "Grüße, 世界", "LINES": "one\ntwo\n",
}

var node = interpolation.NodeRecord{
	ID: "4f1c9d1e-0000-4000-8000-000000000001", Name: "worker-1", Datacenter: "dc1", Region: "global", Class: "", Pool: "default",
	Attributes: map[string]string{
		"cpu.arch": "amd64", "cpu.numcores": "8", "kernel.name": "linux", "unique.network.ip-address": "10.0.0.7", "driver.exec": "1",
		"driver.docker": "1", "driver.docker.version": "27.0",
	},
	Meta: map[string]string{"rack": "r1", "zone.name": "a"},
}

// variables has the shape that Nomad gives to a driver's config.
func variables() map[string]cty.Value {
	tree, flat := map[string]any{}, map[string]cty.Value{}
	for name, text := range environment {
		flat[name] = cty.StringVal(text)
		add(tree, name, text)
	}
	for _, prefix := range []string{"", "node."} {
		for key, text := range node.Attributes {
			add(tree, prefix+"attr."+key, text)
		}
		for key, text := range node.Meta {
			add(tree, prefix+"meta."+key, text)
		}
	}
	for name, text := range map[string]string{
		"node.unique.id": node.ID, "node.unique.name": node.Name, "node.datacenter": node.Datacenter, "node.region": node.Region,
		"node.class": node.Class, "node.pool": node.Pool, "nomad.datacenter": node.Datacenter,
	} {
		add(tree, name, text)
	}
	all := objectOf(tree).AsValueMap()
	all["env"] = cty.MapVal(flat)
	return all
}

func add(tree map[string]any, name, text string) {
	first, rest, dotted := strings.Cut(name, ".")
	inner, isMap := tree[first].(map[string]any)
	switch {
	case strings.Contains(name, ".."):
	case !dotted && !isMap:
		tree[first] = text
	case dotted && !isMap:
		inner = map[string]any{}
		tree[first] = inner
		add(inner, rest, text)
	case dotted:
		add(inner, rest, text)
	}
}

func objectOf(tree map[string]any) cty.Value {
	fields := map[string]cty.Value{}
	for name, content := range tree {
		if text, ok := content.(string); ok {
			fields[name] = cty.StringVal(text)
			continue
		}
		fields[name] = objectOf(content.(map[string]any))
	}
	return cty.ObjectVal(fields)
}

func functions() map[string]function.Function {
	return map[string]function.Function{
		"abs": stdlib.AbsoluteFunc, "coalesce": stdlib.CoalesceFunc, "concat": stdlib.ConcatFunc, "hasindex": stdlib.HasIndexFunc,
		"int": stdlib.IntFunc, "jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc, "length": stdlib.LengthFunc,
		"lower": stdlib.LowerFunc, "max": stdlib.MaxFunc, "min": stdlib.MinFunc, "reverse": stdlib.ReverseFunc, "strlen": stdlib.StrlenFunc,
		"substr": stdlib.SubstrFunc, "upper": stdlib.UpperFunc,
	}
}

// theirs evaluates text as the value of an attribute in a JSON body, which is how a driver's config is decoded.
func theirs(text string) (result string, err error) {
	body, err := json.Marshal(map[string]string{"command": text})
	if err != nil {
		return "", err
	}
	file, diagnostics := hcljson.Parse(body, "config.json")
	if diagnostics.HasErrors() {
		return "", diagnostics
	}
	attributes, diagnostics := file.Body.JustAttributes()
	if diagnostics.HasErrors() {
		return "", diagnostics
	}
	found, diagnostics := attributes["command"].Expr.Value(&hcl.EvalContext{Variables: variables(), Functions: functions()})
	if diagnostics.HasErrors() {
		return "", diagnostics
	}
	plain, err := convert.Convert(found, cty.String)
	if err != nil {
		return "", err
	}
	if plain.IsNull() {
		return "", errors.New("null")
	}
	return plain.AsString(), nil
}

var scope = func() interpolation.Scope {
	made, err := interpolation.NewScope(interpolation.Values{Env: environment, Node: &node})
	if err != nil {
		panic(err)
	}
	return made
}()

// compare returns what differs, or nothing. Errors are compared by whether there is one.
func compare(text string) string {
	want, wantErr := theirs(text)
	got, gotErr := interpolation.Evaluate(text, scope)
	if (wantErr == nil) != (gotErr == nil) {
		return fmt.Sprintf("%s\n  HCL:  %q, %v\n  ours: %q, %v", text, want, wantErr, got, gotErr)
	}
	if wantErr == nil && want != got {
		return fmt.Sprintf("%s\n  HCL:  %q\n  ours: %q", text, want, got)
	}
	return ""
}

// isTypeDifference is the one difference that we accept: which types of tuples and objects the two branches of a condition may
// have. HCL also looks at the type that a branch which fails would have had.
func isTypeDifference(text string) bool {
	const summary = "Inconsistent conditional result types"
	_, wantErr := theirs(text)
	_, gotErr := interpolation.Evaluate(text, scope)
	return wantErr != nil && strings.Contains(wantErr.Error(), summary) || gotErr != nil && strings.Contains(gotErr.Error(), summary)
}

func TestTheSameTextsAsHCL(t *testing.T) {
	for _, text := range texts {
		t.Run(nameOf(text), func(t *testing.T) {
			if difference := compare(text); difference != "" {
				t.Error(difference)
			}
		})
	}
}

// nameOf keeps test names readable and different.
func nameOf(text string) string {
	return strings.NewReplacer("/", "∕", " ", "·").Replace(fmt.Sprintf("%q", text))
}
