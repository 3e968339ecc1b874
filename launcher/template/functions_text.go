// Functions on texts. Those that can make a text much longer than their arguments look at its size first.
package template

import (
	"fmt"
	"strings"
	text "text/template"
	"unicode"
)

func textFunctions() text.FuncMap {
	return text.FuncMap{
		"toLower":    strings.ToLower,
		"toUpper":    strings.ToUpper,
		"toTitle":    toTitle,
		"trim":       func(cutset, from string) string { return strings.Trim(from, cutset) },
		"trimPrefix": func(prefix, from string) string { return strings.TrimPrefix(from, prefix) },
		"trimSuffix": func(suffix, from string) string { return strings.TrimSuffix(from, suffix) },
		"trimSpace":  strings.TrimSpace,
		"split":      split,
		"splitToMap": splitToMap,
		"join":       func(separator string, parts []string) (string, error) { return join(separator, parts) },
		"replaceAll": replaceAll,
		"indent":     indent,
		"regexMatch": func(expression, in string) (bool, error) {
			compiled, err := compile(expression)
			if err != nil {
				return false, err
			}
			return compiled.MatchString(in), nil
		},
		"regexReplaceAll": regexReplaceAll,
	}
}

// toTitle makes the first letter of each word a title letter, also behind digits. An apostrophe or a dot between two
// letters does not begin a new word.
func toTitle(of string) string {
	letters := []rune(of)
	inWord := false
	for index, letter := range letters {
		switch {
		case unicode.IsLetter(letter):
			if !inWord {
				letters[index] = unicode.ToTitle(letter)
			}
			inWord = true
		case unicode.IsDigit(letter), letter == '_', unicode.IsMark(letter):
		case strings.ContainsRune("'’.:·", letter):
			inWord = inWord && index+1 < len(letters) && unicode.IsLetter(letters[index+1])
		default:
			inWord = false
		}
	}
	return string(letters)
}

func split(separator, from string) []string {
	from = strings.TrimSpace(from)
	if from == "" {
		return []string{}
	}
	return strings.Split(from, separator)
}

// splitToMap leaves out what has no second separator.
func splitToMap(separator, keySeparator, from string) map[string]string {
	found := map[string]string{}
	for _, part := range split(separator, from) {
		if key, value, ok := strings.Cut(part, keySeparator); ok {
			found[key] = value
		}
	}
	return found
}

func join(separator string, parts []string) (string, error) {
	size := len(separator) * len(parts)
	for _, part := range parts {
		size += len(part)
	}
	if err := checkSize(size); err != nil {
		return "", err
	}
	return strings.Join(parts, separator), nil
}

func replaceAll(old, replacement, in string) (string, error) {
	if err := checkSize(len(in) + strings.Count(in, old)*len(replacement)); err != nil {
		return "", err
	}
	return strings.ReplaceAll(in, old, replacement), nil
}

// indent leaves empty lines as they are.
func indent(spaces int, in string) (string, error) {
	if spaces < 0 {
		return "", fmt.Errorf("indent value must be a positive integer: %d", spaces)
	}
	if err := checkSize(len(in) + min(spaces, MaxBytes+1)*(strings.Count(in, "\n")+1)); err != nil {
		return "", err
	}
	margin := strings.Repeat(" ", spaces)
	lines := strings.Split(in, "\n")
	for index, line := range lines {
		if line != "" {
			lines[index] = margin + line
		}
	}
	return strings.Join(lines, "\n"), nil
}

// regexReplaceAll puts the result together match by match, because a replacement can repeat what was found many times.
func regexReplaceAll(expression, replacement, in string) (string, error) {
	compiled, err := compile(expression)
	if err != nil {
		return "", err
	}
	groups := strings.Count(replacement, "$") + 1
	var output []byte
	last := 0
	for _, match := range compiled.FindAllStringSubmatchIndex(in, -1) {
		output = append(output, in[last:match[0]]...)
		if err := checkSize(len(output) + len(replacement) + groups*(match[1]-match[0])); err != nil {
			return "", err
		}
		output = compiled.ExpandString(output, replacement, in, match)
		last = match[1]
	}
	return string(append(output, in[last:]...)), nil
}

// printFunctions stand in for the ones that text/template has itself, which would join texts of any length.
func printFunctions() text.FuncMap {
	return text.FuncMap{
		"print":   func(values ...any) (string, error) { return printed(fmt.Sprint, values, 1) },
		"println": func(values ...any) (string, error) { return printed(fmt.Sprintln, values, 1) },
		"printf": func(format string, values ...any) (string, error) {
			write := func(values ...any) string { return fmt.Sprintf(format, values...) }
			return printed(write, values, strings.Count(format, "%"))
		},
	}
}

// printed looks at the values beforehand, and at a format that repeats them.
func printed(write func(...any) string, values []any, repeats int) (string, error) {
	if err := checkValues(values, max(repeats/16, 1)); err != nil {
		return "", err
	}
	result := write(values...)
	return result, checkSize(len(result))
}
