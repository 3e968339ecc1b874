// The functions that a template can call, named and typed as consul-template has them.
package template

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"strconv"
	text "text/template"
	"time"
)

// functions is made anew for each rendering, so that a launcher without templates never pays for it.
func (e *execution) functions() text.FuncMap {
	all := text.FuncMap{
		"env":             func(name string) string { return e.world.Env[name] },
		"mustEnv":         e.mustEnv,
		"envOrDefault":    e.envOrDefault,
		"file":            e.world.ReadFile,
		"timestamp":       e.timestamp,
		"executeTemplate": e.executeTemplate,
		"scratch":         func() *scratchpad { return &e.scratch },

		"md5sum":        func(of string) string { sum := md5.Sum([]byte(of)); return hex.EncodeToString(sum[:]) },
		"sha256Hex":     func(of string) string { sum := sha256.Sum256([]byte(of)); return hex.EncodeToString(sum[:]) },
		"hmacSHA256Hex": hmacSHA256Hex,

		"base64Encode":    func(plain string) string { return base64.StdEncoding.EncodeToString([]byte(plain)) },
		"base64Decode":    func(encoded string) (string, error) { return decodeBase64("base64Decode", base64.StdEncoding, encoded) },
		"base64URLEncode": func(plain string) string { return base64.URLEncoding.EncodeToString([]byte(plain)) },
		"base64URLDecode": func(encoded string) (string, error) {
			return decodeBase64("base64URLDecode", base64.URLEncoding, encoded)
		},

		"parseBool":  func(from string) (bool, error) { return parsed("parseBool", from, strconv.ParseBool) },
		"parseFloat": func(from string) (float64, error) { return parsed("parseFloat", from, parseFloat) },
		"parseInt":   func(from string) (int64, error) { return parsed("parseInt", from, parseInt) },
		"parseUint":  func(from string) (uint64, error) { return parsed("parseUint", from, parseUint) },
		"parseJSON":  parseJSON,

		"toJSON":                func(value any) (string, error) { return toJSON(value, "", true) },
		"toJSONPretty":          func(value any) (string, error) { return toJSON(value, "  ", true) },
		"toUnescapedJSON":       func(value any) (string, error) { return toJSON(value, "", false) },
		"toUnescapedJSONPretty": func(value any) (string, error) { return toJSON(value, "  ", false) },
	}
	for _, more := range []text.FuncMap{textFunctions(), collectionFunctions(), mathFunctions(), sprigFunctions(), printFunctions()} {
		maps.Copy(all, more)
	}
	return all
}

func (e *execution) mustEnv(name string) (string, error) {
	if value := e.world.Env[name]; value != "" {
		return value, nil
	}
	return "", fmt.Errorf("required environment variable %s is empty", name)
}

func (e *execution) envOrDefault(name, otherwise string) string {
	if value, ok := e.world.Env[name]; ok {
		return value
	}
	return otherwise
}

func (e *execution) timestamp(layout ...string) (string, error) {
	now := e.world.Now().UTC()
	switch len(layout) {
	case 0:
		return now.Format(time.RFC3339), nil
	case 1:
		if layout[0] == "unix" {
			return strconv.FormatInt(now.Unix(), 10), nil
		}
		return now.Format(layout[0]), nil
	}
	return "", fmt.Errorf("timestamp: wrong number of arguments, expected 0 or 1, but got %d", len(layout))
}

func (e *execution) executeTemplate(name string, value ...any) (string, error) {
	var dot any
	switch len(value) {
	case 0:
	case 1:
		dot = value[0]
	default:
		return "", fmt.Errorf("executeTemplate: wrong number of arguments, expected 1 or 2, but got %d", len(value)+1)
	}
	var output limitedText
	if err := e.set.ExecuteTemplate(&output, name, dot); err != nil {
		return "", err
	}
	return output.text.String(), nil
}

func hmacSHA256Hex(message, key string) string {
	code := hmac.New(sha256.New, []byte(key))
	code.Write([]byte(message))
	return hex.EncodeToString(code.Sum(nil))
}

func decodeBase64(name string, encoding *base64.Encoding, encoded string) (string, error) {
	plain, err := encoding.DecodeString(encoded)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return string(plain), nil
}

// parsed gives nothing for an empty text, and never quotes what it cannot read.
func parsed[T any](name, from string, parse func(string) (T, error)) (T, error) {
	var none T
	if from == "" {
		return none, nil
	}
	value, err := parse(from)
	if err != nil {
		return none, fmt.Errorf("%s: %w", name, withoutValue(err))
	}
	return value, nil
}

// withoutValue is the reason alone: strconv and regexp quote what they were given.
func withoutValue(err error) error {
	var number *strconv.NumError
	if errors.As(err, &number) {
		return number.Err
	}
	var expression *syntax.Error
	if errors.As(err, &expression) {
		return fmt.Errorf("error parsing regexp: %s", expression.Code)
	}
	return err
}

func parseFloat(from string) (float64, error) { return strconv.ParseFloat(from, 64) }
func parseInt(from string) (int64, error)     { return strconv.ParseInt(from, 10, 64) }
func parseUint(from string) (uint64, error)   { return strconv.ParseUint(from, 10, 64) }

func parseJSON(from string) (any, error) {
	if from == "" {
		return map[string]any{}, nil
	}
	var value any
	if err := json.Unmarshal([]byte(from), &value); err != nil {
		return nil, err
	}
	return value, nil
}

func toJSON(value any, indent string, escapeHTML bool) (string, error) {
	var output bytes.Buffer
	encoder := json.NewEncoder(&output)
	encoder.SetEscapeHTML(escapeHTML)
	if err := encoder.Encode(value); err != nil {
		return "", errors.New("this value has no JSON form")
	}
	compact := bytes.TrimSuffix(output.Bytes(), []byte("\n"))
	if indent == "" {
		return string(compact), checkSize(len(compact))
	}
	if err := checkSize(indentedSize(compact, len(indent))); err != nil {
		return "", err
	}
	var indented bytes.Buffer
	err := json.Indent(&indented, compact, "", indent)
	return indented.String(), err
}

func compile(expression string) (*regexp.Regexp, error) {
	compiled, err := regexp.Compile(expression)
	if err != nil {
		return nil, withoutValue(err)
	}
	return compiled, nil
}
