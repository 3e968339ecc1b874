// Replacing names alone: ${name} as in a task's env, and $name as Nomad 0.2 had it in command and args.
package interpolation

import (
	"maps"
	"slices"
	"strings"
)

// MaxResultBytes is what a text can grow to.
const MaxResultBytes = 1 << 20

// Replace puts values in the place of ${name}, where a name is one or more of A-Z a-z 0-9 _ - and dot. What has no value
// stays as it is, and there is no escape: in $${name}, the first $ stays. Values are not looked at again. Where the result
// would grow beyond MaxResultBytes, the rest of the references stay as they are.
func Replace(text string, values Values) string {
	return replaceNames(text, values, bracedName)
}

// Names are the names that Replace looks up, in their order.
func Names(text string) []string {
	var names []string
	for next := strings.IndexByte(text, '$'); next >= 0; next = strings.IndexByte(text, '$') {
		name, length := bracedName(text[next:])
		if length > 0 {
			names = append(names, name)
		}
		text = text[next+max(1, length):]
	}
	return names
}

// ReplaceInto sets each name of texts in values.Env. On Nomad, a text that names another one of them gets its new value,
// its old one, or none, as chance has it. Here the other one comes first, always, and so gives its new value; names that
// lead back to themselves are taken in order, so that PATH can be put before the PATH that was there.
func ReplaceInto(values Values, texts map[string]string) {
	visited := make(map[string]bool, len(texts))
	var visit func(name string)
	visit = func(name string) {
		text, ok := texts[name]
		if !ok || visited[name] {
			return
		}
		visited[name] = true
		for _, other := range Names(text) {
			visit(other)
		}
		values.Env[name] = Replace(text, values)
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		visit(name)
	}
}

// ReplaceBare is Replace, and takes $NAME as well: letters, digits and _, as long as they go.
func ReplaceBare(text string, values Values) string {
	return replaceNames(text, values, func(rest string) (name string, length int) {
		if name, length := bracedName(rest); length > 0 {
			return name, length
		}
		end := 1
		for end < len(rest) && isWordByte(rest[end]) {
			end++
		}
		if end == 1 {
			return "", 0
		}
		return rest[1:end], end
	})
}

// replaceNames calls find at each $; its length is 0 where no reference begins.
func replaceNames(text string, values Values, find func(rest string) (name string, length int)) string {
	next := strings.IndexByte(text, '$')
	if next < 0 {
		return text
	}
	var result strings.Builder
	for next >= 0 {
		result.WriteString(text[:next])
		text = text[next:]
		name, length := find(text)
		value, ok := "", false
		if length > 0 {
			value, ok = values.lookUp(name)
		}
		if ok && result.Len()+len(value)+len(text)-length <= MaxResultBytes {
			result.WriteString(value)
			text = text[length:]
		} else {
			result.WriteByte('$')
			text = text[1:]
		}
		next = strings.IndexByte(text, '$')
	}
	result.WriteString(text)
	return result.String()
}

func bracedName(rest string) (name string, length int) {
	if len(rest) < 2 || rest[1] != '{' {
		return "", 0
	}
	end := 2
	for end < len(rest) && (isWordByte(rest[end]) || rest[end] == '-' || rest[end] == '.') {
		end++
	}
	if end == 2 || end == len(rest) || rest[end] != '}' {
		return "", 0
	}
	return rest[2:end], end + 1
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
