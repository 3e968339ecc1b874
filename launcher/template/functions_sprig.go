// The common ones of Sprig's functions, with the prefix that consul-template gives them.
package template

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	text "text/template"
	"unicode"
)

func sprigFunctions() text.FuncMap {
	all := text.FuncMap{}
	for _, group := range []text.FuncMap{sprigTexts(), sprigNumbers(), sprigCollections(), sprigDefaults()} {
		for name, function := range group {
			all["sprig_"+name] = function
		}
	}
	return all
}

func sprigTexts() text.FuncMap {
	return text.FuncMap{
		"upper":      strings.ToUpper,
		"lower":      strings.ToLower,
		"title":      strings.Title,
		"trim":       strings.TrimSpace,
		"trimAll":    func(cutset, from string) string { return strings.Trim(from, cutset) },
		"trimPrefix": func(prefix, from string) string { return strings.TrimPrefix(from, prefix) },
		"trimSuffix": func(suffix, from string) string { return strings.TrimSuffix(from, suffix) },
		"contains":   func(part, in string) bool { return strings.Contains(in, part) },
		"hasPrefix":  func(prefix, in string) bool { return strings.HasPrefix(in, prefix) },
		"hasSuffix":  func(suffix, in string) bool { return strings.HasSuffix(in, suffix) },
		"replace":    replaceAll,
		"repeat":     repeat,
		"nospace":    nospace,
		"quote":      func(values ...any) (string, error) { return quoted("%q", values) },
		"squote":     func(values ...any) (string, error) { return quoted("'%s'", values) },
		"indent":     sprigIndent,
		"nindent": func(spaces int, in string) (string, error) {
			indented, err := sprigIndent(spaces, in)
			return "\n" + indented, err
		},
		"trunc":     truncated,
		"substr":    substring,
		"join":      func(separator string, list any) (string, error) { return join(separator, textsOf(list)) },
		"splitList": func(separator, from string) []string { return strings.Split(from, separator) },
		"sortAlpha": func(list any) []string { return slices.Sorted(slices.Values(textsOf(list))) },
		"toString":  textOf,
		"b64enc":    func(plain string) string { return base64.StdEncoding.EncodeToString([]byte(plain)) },
		"b64dec":    sprigDecode,
		"sha1sum":   func(of string) string { sum := sha1.Sum([]byte(of)); return hex.EncodeToString(sum[:]) },
		"sha256sum": func(of string) string { sum := sha256.Sum256([]byte(of)); return hex.EncodeToString(sum[:]) },
		"regexMatch": func(expression, in string) bool {
			compiled, err := regexp.Compile(expression)
			return err == nil && compiled.MatchString(in)
		},
		"regexReplaceAll": func(expression, in, replacement string) (string, error) {
			return regexReplaceAll(expression, replacement, in)
		},
		"toJson":       func(value any) (string, error) { return toJSON(value, "", true) },
		"toPrettyJson": func(value any) (string, error) { return toJSON(value, "  ", true) },
		"fromJson":     sprigFromJSON,
	}
}

// sprigFromJSON gives nothing for a text that is not JSON.
func sprigFromJSON(from string) any {
	var value any
	if json.Unmarshal([]byte(from), &value) != nil {
		return nil
	}
	return value
}

// sprigDecode prints its error, as Sprig does.
func sprigDecode(encoded string) string {
	plain, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return err.Error()
	}
	return string(plain)
}

func sprigNumbers() text.FuncMap {
	return text.FuncMap{
		"int":     func(value any) int { return int(toInt64(value)) },
		"int64":   toInt64,
		"float64": toFloat64,
		"atoi":    func(from string) int { number, _ := strconv.Atoi(from); return number },
		"add":     func(values ...any) int64 { return folded(values, func(a, b int64) int64 { return a + b }) },
		"add1":    func(value any) int64 { return toInt64(value) + 1 },
		"sub":     func(a, b any) int64 { return toInt64(a) - toInt64(b) },
		"mul": func(first any, values ...any) int64 {
			return folded(append([]any{first}, values...), func(a, b int64) int64 { return a * b })
		},
		"div": func(a, b any) (int64, error) {
			if toInt64(b) == 0 {
				return 0, errors.New("div by zero")
			}
			return toInt64(a) / toInt64(b), nil
		},
		"mod": func(a, b any) (int64, error) {
			if toInt64(b) == 0 {
				return 0, errors.New("mod by zero")
			}
			return toInt64(a) % toInt64(b), nil
		},
		"max": func(first any, values ...any) int64 {
			return folded(append([]any{first}, values...), func(a, b int64) int64 { return max(a, b) })
		},
		"min": func(first any, values ...any) int64 {
			return folded(append([]any{first}, values...), func(a, b int64) int64 { return min(a, b) })
		},
		"until": func(count int) ([]int64, error) { return loop(count) },
	}
}

func sprigCollections() text.FuncMap {
	return text.FuncMap{
		"list":   list,
		"first":  func(list any) any { return elementOf(list, func(int) int { return 0 }) },
		"last":   func(list any) any { return elementOf(list, func(length int) int { return length - 1 }) },
		"has":    func(needle, in any) bool { return isIn(in, needle) && reflect.ValueOf(in).Kind() != reflect.String },
		"dict":   dictionary,
		"get":    sprigGet,
		"hasKey": func(in map[string]any, key string) bool { _, ok := in[key]; return ok },
		"keys":   sprigKeys,
	}
}

func sprigDefaults() text.FuncMap {
	return text.FuncMap{
		"default": func(otherwise any, given ...any) any {
			if len(given) == 0 || isEmpty(given[0]) {
				return otherwise
			}
			return given[0]
		},
		"empty": isEmpty,
		"coalesce": func(values ...any) any {
			for _, value := range values {
				if !isEmpty(value) {
					return value
				}
			}
			return nil
		},
		"ternary": func(yes, no any, condition bool) any {
			if condition {
				return yes
			}
			return no
		},
	}
}

func isEmpty(value any) bool {
	truth, ok := text.IsTrue(value)
	return !ok || !truth
}

func repeat(count int, of string) (string, error) {
	if count < 0 {
		return "", errors.New("repeat: a negative count")
	}
	if len(of) == 0 {
		return "", nil
	}
	if err := checkSize(min(count, MaxBytes+1) * len(of)); err != nil {
		return "", err
	}
	return strings.Repeat(of, count), nil
}

func nospace(from string) string {
	return strings.Map(func(letter rune) rune {
		if unicode.IsSpace(letter) {
			return -1
		}
		return letter
	}, from)
}

func quoted(format string, values []any) (string, error) {
	if err := checkValues(values, 1); err != nil {
		return "", err
	}
	var parts []string
	for _, value := range values {
		if value != nil {
			parts = append(parts, fmt.Sprintf(format, textOf(value)))
		}
	}
	return join(" ", parts)
}

// sprigIndent puts its margin in front of empty lines too.
func sprigIndent(spaces int, in string) (string, error) {
	margin, err := repeat(spaces, " ")
	if err != nil {
		return "", err
	}
	lines, err := replaceAll("\n", "\n"+margin, in)
	return margin + lines, err
}

func truncated(length int, from string) string {
	if length < 0 && len(from)+length > 0 {
		return from[len(from)+length:]
	}
	if length >= 0 && len(from) > length {
		return from[:length]
	}
	return from
}

func substring(start, end int, from string) string {
	if start < 0 {
		return from[:max(min(end, len(from)), 0)]
	}
	if end < 0 || end > len(from) {
		end = len(from)
	}
	if start >= end {
		return ""
	}
	return from[start:end]
}

func textOf(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case []byte:
		return string(value)
	case error:
		return value.Error()
	case fmt.Stringer:
		return value.String()
	}
	return fmt.Sprintf("%v", value)
}

// textsOf leaves out what is nil, and makes a list of anything else than one.
func textsOf(value any) []string {
	list := reflect.ValueOf(value)
	if !list.IsValid() {
		return []string{}
	}
	if list.Kind() != reflect.Slice && list.Kind() != reflect.Array {
		return []string{textOf(value)}
	}
	texts := make([]string, 0, list.Len())
	for index := range list.Len() {
		if element := list.Index(index).Interface(); element != nil {
			texts = append(texts, textOf(element))
		}
	}
	return texts
}

// toInt64 is 0 for what is no number.
func toInt64(value any) int64 {
	if of, ok := value.(string); ok {
		number, err := strconv.ParseInt(of, 0, 64)
		if err != nil {
			return 0
		}
		return number
	}
	number := reflect.ValueOf(value)
	switch {
	case !number.IsValid():
		return 0
	case number.CanInt() || number.CanUint():
		return asInt(number)
	case number.CanFloat():
		return int64(number.Float())
	case number.Kind() == reflect.Bool && number.Bool():
		return 1
	}
	return 0
}

func toFloat64(value any) float64 {
	if of, ok := value.(string); ok {
		number, err := strconv.ParseFloat(of, 64)
		if err != nil {
			return 0
		}
		return number
	}
	number := reflect.ValueOf(value)
	if number.IsValid() && number.CanFloat() {
		return number.Float()
	}
	return float64(toInt64(value))
}

func folded(values []any, combine func(a, b int64) int64) int64 {
	if len(values) == 0 {
		return 0
	}
	result := toInt64(values[0])
	for _, value := range values[1:] {
		result = combine(result, toInt64(value))
	}
	return result
}

func elementOf(list any, index func(length int) int) any {
	of := reflect.ValueOf(list)
	if (of.Kind() != reflect.Slice && of.Kind() != reflect.Array) || of.Len() == 0 {
		return nil
	}
	return of.Index(index(of.Len())).Interface()
}

func list(values ...any) (any, error) {
	limit := budget{left: MaxBytes}
	return limit.copied(values, 0)
}

func dictionary(values ...any) (any, error) {
	made := map[string]any{}
	for index := 0; index < len(values); index += 2 {
		var value any = ""
		if index+1 < len(values) {
			value = values[index+1]
		}
		made[textOf(values[index])] = value
	}
	limit := budget{left: MaxBytes}
	return limit.copied(made, 0)
}

func sprigGet(in map[string]any, key string) any {
	if value, ok := in[key]; ok {
		return value
	}
	return ""
}

func sprigKeys(of ...map[string]any) []string {
	names := []string{}
	for _, each := range of {
		names = append(names, slices.Sorted(maps.Keys(each))...)
	}
	return names
}
