// The parser of expressions, by recursive descent. Its parts: operators here, terms in parse_terms.go, texts in template.go.
package interpolation

// parser reads one text. It has one token of lookahead, read at once, as the next one depends on where the parser is.
type parser struct {
	source   string
	position int
	current  token
	newlines bool
	depth    int
}

// expression is a node of the syntax tree.
type expression interface {
	evaluate(s *scope) (value, error)
}

func (p *parser) advance() {
	p.position = p.current.end
	p.peek()
}

// peek reads the token at the position anew, as when newlines begin or cease to count.
func (p *parser) peek() { p.current = next(p.source, p.position, p.newlines) }

func (p *parser) withNewlines(count bool, parse func() (expression, error)) (expression, error) {
	before := p.newlines
	p.newlines = count
	result, err := parse()
	p.newlines = before
	return result, err
}

func (p *parser) take(mark string) bool {
	if !p.current.is(mark) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(mark, summary, detail string) error {
	if p.take(mark) {
		return nil
	}
	return p.unexpected(summary, detail)
}

func (p *parser) unexpected(summary, detail string) error {
	switch p.current.kind {
	case tokenEnd:
		return diagnose(summary, "%s The text ends too early.", detail)
	case tokenInvalid:
		return diagnose("Invalid character", "This character is not used within the language: %q.", p.current.text)
	}
	return diagnose(summary, "%s There is %q instead.", detail, p.current.text)
}

// deeper guards the recursion: each expression inside another one counts.
func (p *parser) deeper(parse func() (expression, error)) (expression, error) {
	if p.depth >= maxDepth {
		return nil, diagnose("Template too deep", "Expressions are nested more than %d deep here.", maxDepth)
	}
	p.depth++
	defer func() { p.depth-- }()
	return parse()
}

func (p *parser) expression() (expression, error) { return p.deeper(p.conditional) }

func (p *parser) conditional() (expression, error) {
	condition, err := p.operation(0)
	if err != nil || !p.take("?") {
		return condition, err
	}
	whenTrue, err := p.expression()
	if err != nil {
		return nil, err
	}
	if err := p.expect(":", "Missing false expression in conditional", "The conditional operator (...?...:...) requires a false expression, delimited by a colon."); err != nil {
		return nil, err
	}
	whenFalse, err := p.expression()
	return conditional{condition, whenTrue, whenFalse}, err
}

// operatorLevels go from what binds least to what binds most.
var operatorLevels = [][]string{{"||"}, {"&&"}, {"==", "!="}, {"<", ">", "<=", ">="}, {"+", "-"}, {"*", "/", "%"}}

// operation reads a chain of one level's operators as a list, so that a long one is no deep tree.
func (p *parser) operation(level int) (expression, error) {
	if level == len(operatorLevels) {
		return p.unary()
	}
	first, err := p.operation(level + 1)
	if err != nil {
		return nil, err
	}
	chain := operation{first: first}
	for {
		operator, ok := p.takeOperator(operatorLevels[level])
		if !ok {
			break
		}
		operand, err := p.operation(level + 1)
		if err != nil {
			return nil, err
		}
		chain.rest = append(chain.rest, operationStep{operator, operand})
	}
	if len(chain.rest) == 0 {
		return first, nil
	}
	return chain, nil
}

func (p *parser) takeOperator(operators []string) (string, bool) {
	for _, operator := range operators {
		if p.take(operator) {
			return operator, true
		}
	}
	return "", false
}

func (p *parser) unary() (expression, error) {
	for _, operator := range []string{"-", "!"} {
		if p.take(operator) {
			operand, err := p.deeper(p.unary)
			return unary{operator, operand}, err
		}
	}
	return p.traversal()
}
