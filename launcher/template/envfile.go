// The files of templates with env = true: NAME=value lines.
package template

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// ParseEnv reads the lines of an env file as Nomad does: comments, `export `, single quotes that hold everything as it is,
// double quotes with JSON's escapes, and unquoted text; all three can follow each other in one value. No variable is
// replaced. An error names the line and never what is in it.
func ParseEnv(file string) (map[string]string, error) {
	values := map[string]string{}
	for index, line := range strings.Split(file, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, err := parseEnvLine(line)
		if err != nil {
			return nil, fmt.Errorf("error on line %d: %w", index+1, err)
		}
		values[name] = value
	}
	return values, nil
}

func parseEnvLine(line string) (name, value string, err error) {
	name, rest, found := strings.Cut(line, "=")
	if !found {
		return "", "", errors.New("missing =")
	}
	name = strings.TrimPrefix(strings.TrimRightFunc(name, unicode.IsSpace), "export ")
	if err := checkEnvName(name); err != nil {
		return "", "", err
	}
	value, err = parseEnvValue(rest)
	return name, value, err
}

func checkEnvName(name string) error {
	if name == "" {
		return errors.New("empty key")
	}
	for index, letter := range []byte(name) {
		isLetter := letter == '_' || 'a' <= letter|0x20 && letter|0x20 <= 'z'
		if index == 0 && !isLetter {
			return errors.New("key must start with [A-Za-z_]")
		}
		if !isLetter && !('0' <= letter && letter <= '9') && letter != '.' && letter != '/' {
			return errors.New("key characters must be [A-Za-z0-9/_.]")
		}
	}
	return nil
}

// parseEnvValue trims the unquoted ends of the whole value, and nothing in its middle.
func parseEnvValue(rest string) (string, error) {
	rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
	var value strings.Builder
	for rest != "" {
		switch rest[0] {
		case '#':
			return value.String(), nil
		case '\'':
			end := strings.IndexByte(rest[1:], '\'')
			if end < 0 {
				return "", errors.New("unmatched '")
			}
			if err := checkEnvCharacters(rest[1 : 1+end]); err != nil {
				return "", err
			}
			value.WriteString(rest[1 : 1+end])
			rest = rest[2+end:]
		case '"':
			text, after, err := parseDoubleQuoted(rest[1:])
			if err != nil {
				return "", err
			}
			value.WriteString(text)
			rest = after
		default:
			end := strings.IndexAny(rest, `#'"`)
			if end < 0 {
				end = len(rest)
			}
			text := rest[:end]
			rest = rest[end:]
			if rest == "" || rest[0] == '#' {
				text = strings.TrimRightFunc(text, unicode.IsSpace)
			}
			if err := checkEnvCharacters(text); err != nil {
				return "", err
			}
			value.WriteString(text)
		}
	}
	return value.String(), nil
}

func checkEnvCharacters(text string) error {
	for _, letter := range []byte(text) {
		if letter < ' ' {
			return fmt.Errorf("0x%02x is an invalid value character", letter)
		}
	}
	return nil
}

// parseDoubleQuoted begins behind the opening quote, and returns what follows the closing one.
func parseDoubleQuoted(rest string) (text, after string, err error) {
	var value strings.Builder
	for index := 0; index < len(rest); index++ {
		switch letter := rest[index]; {
		case letter == '"':
			return value.String(), rest[index+1:], nil
		case letter < ' ':
			return "", "", fmt.Errorf("0x%02x is an invalid value character", letter)
		case letter == '\\':
			letter, length, err := parseEscape(rest[index:])
			if err != nil {
				return "", "", err
			}
			value.WriteRune(letter)
			index += length - 1
		default:
			value.WriteByte(letter)
		}
	}
	return "", "", errors.New(`unmatched "`)
}

// parseEscape reads one escape of JSON, two where they are the halves of one letter.
func parseEscape(text string) (letter rune, length int, err error) {
	if len(text) < 2 {
		return 0, 0, errors.New("incomplete escape sequence")
	}
	if text[1] != 'u' {
		plain := strings.IndexByte(`"\/bfnrt`, text[1])
		if plain < 0 {
			return 0, 0, errors.New("invalid escape sequence")
		}
		return rune("\"\\/\b\f\n\r\t"[plain]), 2, nil
	}
	letter, err = parseHex(text)
	if err != nil || !utf16.IsSurrogate(letter) {
		if err == nil && letter == 0 {
			err = errors.New(`\u0000 cannot be in a variable`)
		}
		return letter, 6, err
	}
	second, err := parseHex(text[6:])
	if err != nil {
		return 0, 0, errors.New("incomplete Unicode surrogate pair")
	}
	// Two halves that do not belong together are U+FFFD.
	return utf16.DecodeRune(letter, second), 12, nil
}

// parseHex reads the four digits of \uXXXX.
func parseHex(text string) (rune, error) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, errors.New("incomplete hex sequence")
	}
	var letter rune
	for _, digit := range []byte(text[2:6]) {
		value := strings.IndexByte("0123456789abcdef", digit|0x20)
		if value < 0 || digit < '0' {
			return 0, errors.New("invalid hex sequence")
		}
		letter = letter<<4 | rune(value)
	}
	return letter, nil
}
