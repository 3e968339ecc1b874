// Texts with ${…} and %{…} in them: at the top, where a backslash is itself, and between quotes.
package interpolation

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// part is a piece of a template: text, an interpolation or a directive.
type part struct {
	kind partKind
	text string
	// expression is an interpolation's, an if's condition, or nil.
	expression expression
	loop       *forExpression
	// start and end are where the part is in the source.
	start, end int
}

type partKind uint8

const (
	partText partKind = iota
	partInterpolation
	partIf
	partElse
	partEndIf
	partFor
	partEndFor
)

var directiveNames = map[partKind]string{partIf: "if", partElse: "else", partEndIf: "endif", partFor: "for", partEndFor: "endfor"}

func parseTemplate(source string) (expression, error) {
	p := &parser{source: source}
	parts, err := p.parts(false)
	if err != nil {
		return nil, err
	}
	return p.assemble(parts)
}

// quoted reads on from an opening quote, which is the current token.
func (p *parser) quoted() (expression, error) {
	p.position = p.current.end
	result, err := p.deeper(func() (expression, error) {
		parts, err := p.parts(true)
		if err != nil {
			return nil, err
		}
		return p.assemble(parts)
	})
	if err != nil {
		return nil, err
	}
	p.position++
	p.peek()
	return result, nil
}

// parts ends at the end of the source or, between quotes, at the closing one.
func (p *parser) parts(quoted bool) ([]part, error) {
	var parts []part
	trimNext := false
	for p.position < len(p.source) {
		rest := p.source[p.position:]
		if quoted && rest[0] == '"' {
			return parts, nil
		}
		if !strings.HasPrefix(rest, "${") && !strings.HasPrefix(rest, "%{") {
			piece, err := p.textPart(quoted)
			if err != nil {
				return nil, err
			}
			if trimNext {
				piece.text = strings.TrimLeftFunc(piece.text, unicode.IsSpace)
			}
			parts, trimNext = append(parts, piece), false
			continue
		}
		if last := len(parts) - 1; strings.HasPrefix(rest[2:], "~") && last >= 0 && parts[last].kind == partText {
			parts[last].text = strings.TrimRightFunc(parts[last].text, unicode.IsSpace)
		}
		piece, trims, err := p.sequence(rest[0] == '$')
		if err != nil {
			return nil, err
		}
		parts, trimNext = append(parts, piece), trims
	}
	if quoted {
		return nil, diagnose("Unterminated string", "The text ends before the closing quote.")
	}
	return parts, nil
}

// textPart ends with its line, as what ~ takes away does not go beyond one.
func (p *parser) textPart(quoted bool) (part, error) {
	var text strings.Builder
	start := p.position
	for p.position < len(p.source) {
		rest := p.source[p.position:]
		switch {
		case quoted && rest[0] == '"', strings.HasPrefix(rest, "${"), strings.HasPrefix(rest, "%{"):
			return part{text: text.String(), start: start, end: p.position}, nil
		case strings.HasPrefix(rest, "$${"), strings.HasPrefix(rest, "%%{"):
			text.WriteString(rest[1:3])
			p.position += 3
		case quoted && rest[0] == '\\':
			character, length, err := escaped(rest)
			if err != nil {
				return part{}, err
			}
			text.WriteString(character)
			p.position += length
		case quoted && rest[0] == '\n':
			return part{}, diagnose("Invalid multi-line string", "Quoted strings may not be split over multiple lines.")
		default:
			text.WriteByte(rest[0])
			p.position++
			if rest[0] == '\n' {
				return part{text: text.String(), start: start, end: p.position}, nil
			}
		}
	}
	return part{text: text.String(), start: start, end: p.position}, nil
}

func escaped(rest string) (character string, length int, err error) {
	if len(rest) > 1 {
		switch rest[1] {
		case 'n':
			return "\n", 2, nil
		case 'r':
			return "\r", 2, nil
		case 't':
			return "\t", 2, nil
		case '"', '\\':
			return rest[1:2], 2, nil
		case 'u':
			return unicodeEscape(rest, 4)
		case 'U':
			return unicodeEscape(rest, 8)
		}
	}
	return "", 0, diagnose("Invalid escape sequence", "The symbol after a backslash is not a valid escape sequence selector.")
}

func unicodeEscape(rest string, digits int) (character string, length int, err error) {
	if len(rest) >= 2+digits {
		if number, err := strconv.ParseUint(rest[2:2+digits], 16, 32); err == nil {
			return string(runeOf(number)), 2 + digits, nil
		}
	}
	return "", 0, diagnose("Invalid escape sequence", "A \\%c escape needs %d hexadecimal digits.", rest[1], digits)
}

func runeOf(number uint64) rune {
	if number > utf8.MaxRune {
		return utf8.RuneError
	}
	return rune(number)
}

// sequence reads one ${…} or %{…}; trims says that it ends in a tilde.
func (p *parser) sequence(interpolates bool) (piece part, trims bool, err error) {
	piece.start = p.position
	p.position += 2
	if p.position < len(p.source) && p.source[p.position] == '~' {
		p.position++
	}
	_, err = p.withNewlines(false, func() (expression, error) {
		p.peek()
		if !interpolates {
			return nil, p.directive(&piece)
		}
		piece.kind = partInterpolation
		var inner error
		piece.expression, inner = p.expression()
		return nil, inner
	})
	if err != nil {
		return part{}, false, err
	}
	trims = p.current.is("~}")
	if !trims && !p.current.is("}") {
		if interpolates {
			return part{}, false, p.unexpected("Extra characters after interpolation expression", "Expected a closing brace to end the interpolation expression, but found extra characters.")
		}
		return part{}, false, p.unexpected("Extra characters in directive", "Expected a closing brace to end the directive.")
	}
	p.position = p.current.end
	piece.end = p.position
	return piece, trims, nil
}

func (p *parser) directive(piece *part) error {
	word := p.current
	p.advance()
	for kind, name := range directiveNames {
		if word.isName(name) {
			piece.kind = kind
		}
	}
	switch piece.kind {
	case partIf:
		var err error
		piece.expression, err = p.expression()
		return err
	case partFor:
		piece.loop = &forExpression{}
		return p.forIntroduction(piece.loop)
	case partText:
		return diagnose("Invalid template control keyword", "%q is not a valid template control keyword.", cut(word.text))
	}
	return nil
}

// assemble makes a tree of parts. One interpolation alone keeps its type.
func (p *parser) assemble(parts []part) (expression, error) {
	if len(parts) == 1 && parts[0].kind == partInterpolation {
		// In parentheses, so that an object's key "${name}" is no bare name.
		return parenthesis{parts[0].expression}, nil
	}
	rest := parts
	result, err := p.body(&rest)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, diagnose("Unexpected template directive", "There is no open directive that %q could belong to.", directiveNames[rest[0].kind])
	}
	return result, nil
}

// body takes parts until one that ends or divides a directive.
func (p *parser) body(rest *[]part) (expression, error) {
	return p.deeper(func() (expression, error) {
		var pieces []expression
		for len(*rest) > 0 {
			piece := (*rest)[0]
			switch piece.kind {
			case partElse, partEndIf, partEndFor:
				return template{pieces}, nil
			}
			*rest = (*rest)[1:]
			node, err := p.piece(piece, rest)
			if err != nil {
				return nil, err
			}
			pieces = append(pieces, node)
		}
		return template{pieces}, nil
	})
}

func (p *parser) piece(piece part, rest *[]part) (expression, error) {
	switch piece.kind {
	case partText:
		return literal{stringValue(piece.text)}, nil
	case partIf:
		return p.ifDirective(piece.expression, rest)
	case partFor:
		body, err := p.body(rest)
		if err != nil {
			return nil, err
		}
		piece.loop.result = body
		return join{piece.loop}, takePart(rest, partEndFor, partFor)
	}
	return piece.expression, nil
}

func (p *parser) ifDirective(condition expression, rest *[]part) (expression, error) {
	whenTrue, err := p.body(rest)
	if err != nil {
		return nil, err
	}
	whenFalse := expression(template{})
	if len(*rest) > 0 && (*rest)[0].kind == partElse {
		*rest = (*rest)[1:]
		if whenFalse, err = p.body(rest); err != nil {
			return nil, err
		}
	}
	return conditional{condition, whenTrue, whenFalse}, takePart(rest, partEndIf, partIf)
}

func takePart(rest *[]part, want, opened partKind) error {
	if len(*rest) == 0 || (*rest)[0].kind != want {
		return diagnose("Unexpected end of template", "The %s directive is not closed by %%{ %s }.", directiveNames[opened], directiveNames[want])
	}
	*rest = (*rest)[1:]
	return nil
}
