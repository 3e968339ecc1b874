// The words of an expression: names, numbers, quotes and operators.
package interpolation

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenName
	tokenNumber
	// tokenQuote is the quote that opens a text; the parser reads on from there.
	tokenQuote
	tokenMark
	tokenNewline
	tokenInvalid
)

type token struct {
	kind tokenKind
	text string
	end  int
}

// is reports whether the token is this mark. Names and numbers are never marks.
func (t token) is(mark string) bool { return t.kind == tokenMark && t.text == mark }

func (t token) isName(name string) bool { return t.kind == tokenName && t.text == name }

var longMarks = []string{"...", "==", "!=", "<=", ">=", "&&", "||", "=>", "~}", "::"}

const shortMarks = "{}()[].,:?+-*/%!<>="

// next reads the token at position. Newlines count only where the parser asks for them.
func next(source string, position int, newlines bool) token {
	for position < len(source) {
		c := source[position]
		switch {
		case c == ' ' || c == '\t' || c == '\r' && strings.HasPrefix(source[position:], "\r\n"):
			position++
		case c == '\n':
			position++
			if newlines {
				return token{kind: tokenNewline, text: "\n", end: position}
			}
		case c == '#' || strings.HasPrefix(source[position:], "//"):
			position = endOfLine(source, position)
		case strings.HasPrefix(source[position:], "/*"):
			length := strings.Index(source[position+2:], "*/")
			if length < 0 {
				return token{kind: tokenInvalid, text: "/*", end: len(source)}
			}
			position += length + 4
		default:
			return wordAt(source, position)
		}
	}
	return token{kind: tokenEnd, end: position}
}

// endOfLine is where the newline that ends a comment is.
func endOfLine(source string, position int) int {
	if length := strings.IndexByte(source[position:], '\n'); length >= 0 {
		return position + length
	}
	return len(source)
}

func wordAt(source string, position int) token {
	rest := source[position:]
	if rest[0] == '"' {
		return token{kind: tokenQuote, text: `"`, end: position + 1}
	}
	if isDigit(rest[0]) {
		length := numberLength(rest)
		return token{kind: tokenNumber, text: rest[:length], end: position + length}
	}
	if length := nameLength(rest); length > 0 {
		return token{kind: tokenName, text: rest[:length], end: position + length}
	}
	for _, mark := range longMarks {
		if strings.HasPrefix(rest, mark) {
			return token{kind: tokenMark, text: mark, end: position + len(mark)}
		}
	}
	if strings.IndexByte(shortMarks, rest[0]) >= 0 {
		return token{kind: tokenMark, text: rest[:1], end: position + 1}
	}
	_, size := utf8.DecodeRuneInString(rest)
	return token{kind: tokenInvalid, text: rest[:size], end: position + size}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func numberLength(rest string) int {
	end := digitsFrom(rest, 0)
	if end+1 < len(rest) && rest[end] == '.' && isDigit(rest[end+1]) {
		end = digitsFrom(rest, end+1)
	}
	if end == len(rest) || rest[end] != 'e' && rest[end] != 'E' {
		return end
	}
	exponent := end + 1
	if exponent < len(rest) && (rest[exponent] == '+' || rest[exponent] == '-') {
		exponent++
	}
	if exponent < len(rest) && isDigit(rest[exponent]) {
		return digitsFrom(rest, exponent)
	}
	return end
}

func digitsFrom(rest string, position int) int {
	for position < len(rest) && isDigit(rest[position]) {
		position++
	}
	return position
}

func nameLength(rest string) int {
	for position, c := range rest {
		if unicode.IsLetter(c) || unicode.Is(unicode.Nl, c) || c == '_' {
			continue
		}
		if position > 0 && (c == '-' || unicode.In(c, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc)) {
			continue
		}
		return position
	}
	return len(rest)
}

func isName(text string) bool { return text != "" && nameLength(text) == len(text) }
