// A driver's config as Nomad's client evaluates it: each text is a template of HCL, and a name without a value is an error.
package interpolation

import "strings"

// Scope is the names of one task's values, made once and used for all of its texts.
type Scope struct{ names map[string]value }

// NewScope nests dotted names: attr.cpu.arch. What cannot be nested is reachable as env["…"] alone. node.attr and node.meta
// are the same as attr and meta, and nomad.datacenter is the node's.
func NewScope(values Values) (Scope, error) {
	tree := map[string]any{}
	flat := make(map[string]value, len(values.Env))
	for name, text := range values.Env {
		nest(tree, name, text)
		flat[name] = stringValue(text)
	}
	nestNode(tree, values.Node)
	b := &budget{left: maxWork}
	names := make(map[string]value, len(tree)+1)
	for name, content := range tree {
		var err error
		if names[name], err = b.fromTree(content); err != nil {
			return Scope{}, err
		}
	}
	var err error
	names["env"], err = b.mapOf(flat, stringType)
	return Scope{names}, err
}

// nestNode puts the node's names over those of the environment that begin alike.
func nestNode(tree map[string]any, node *NodeRecord) {
	if node == nil {
		return
	}
	for _, name := range []string{"node.unique.id", "node.unique.name", "node.datacenter", "node.region", "node.class", "node.pool", "nomad.datacenter"} {
		text, _ := node.lookUp(name)
		nest(tree, name, text)
	}
	for key, text := range node.Attributes {
		nest(tree, "attr."+key, text)
		nest(tree, "node.attr."+key, text)
	}
	for key, text := range node.Meta {
		nest(tree, "meta."+key, text)
		nest(tree, "node.meta."+key, text)
	}
}

func (b *budget) fromTree(content any) (value, error) {
	branches, ok := content.(map[string]any)
	if !ok {
		return stringValue(content.(string)), nil
	}
	fields := make(map[string]value, len(branches))
	for name, branch := range branches {
		var err error
		if fields[name], err = b.fromTree(branch); err != nil {
			return value{}, err
		}
	}
	return b.object(fields)
}

// IsTemplate says whether Evaluate has anything to do, and so whether a scope is needed.
func IsTemplate(text string) bool {
	return strings.Contains(text, "${") || strings.Contains(text, "%{")
}

// Evaluate is the text that a template gives: ${…} with expressions and functions, %{ if } and %{ for }, and the escapes $${ and
// %%{. Errors are Diagnostics. The result has no NUL, and at most MaxResultBytes.
func Evaluate(text string, names Scope) (string, error) {
	if !IsTemplate(text) {
		return checkedText(text)
	}
	parsed, err := parseTemplate(text)
	if err != nil {
		return "", err
	}
	result, err := parsed.evaluate(&scope{budget: &budget{left: maxWork}, names: names.names})
	if err != nil {
		return "", err
	}
	if result.null {
		return "", diagnose("Incorrect attribute value type", "The text %q is null, but a string is required.", cut(text))
	}
	plain, err := toText(result)
	if err != nil {
		return "", diagnose("Incorrect attribute value type", "Inappropriate value for %q: %v.", cut(text), err)
	}
	return checkedText(plain)
}

func checkedText(text string) (string, error) {
	if len(text) > MaxResultBytes {
		return "", errTooMuchWork
	}
	if strings.IndexByte(text, 0) >= 0 {
		return "", diagnose("Invalid text", "The text holds a NUL byte, which no program can be given.")
	}
	return text, nil
}

// Unescape is what the reader of job files does before a client sees a text: $${ becomes ${ and %%{ becomes %{, outside of
// expressions. A text that is no template stays as it is, so that Evaluate says what is wrong with it.
func Unescape(text string) string {
	if !strings.Contains(text, "$${") && !strings.Contains(text, "%%{") {
		return text
	}
	p := &parser{source: text}
	parts, err := p.parts(false)
	if err != nil {
		return text
	}
	var result strings.Builder
	for _, piece := range parts {
		if piece.kind != partText {
			result.WriteString(text[piece.start:piece.end])
			continue
		}
		result.WriteString(unescapeText(text[piece.start:piece.end]))
	}
	return result.String()
}

func unescapeText(text string) string {
	return strings.NewReplacer("$${", "${", "%%{", "%{").Replace(text)
}
