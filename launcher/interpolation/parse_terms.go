// Terms of expressions: names and what follows them, literals, calls, tuples, objects and for.
package interpolation

import "strings"

// traversal is a term and all that follows it by dot or bracket.
func (p *parser) traversal() (expression, error) {
	from, err := p.term()
	if err != nil {
		return nil, err
	}
	steps, err := p.steps()
	if err != nil || len(steps) == 0 {
		return from, err
	}
	return traversal{from, steps}, nil
}

// steps reads all that follows a term. A full splat, a[*].b[0], takes what is behind it as its own.
func (p *parser) steps() ([]expression, error) {
	var steps []expression
	for {
		var step expression
		var err error
		switch {
		case p.take("."):
			step, err = p.afterDot()
		case p.take("["):
			step, err = p.afterBracket()
		default:
			return steps, nil
		}
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
}

func (p *parser) afterDot() (expression, error) {
	if p.take("*") {
		return p.attributeSplat()
	}
	return p.attributeStep()
}

// attributeStep is a name, or a whole number, as an index was written once: a.0.
func (p *parser) attributeStep() (expression, error) {
	word := p.current
	switch word.kind {
	case tokenName:
		p.advance()
		return attribute{word.text}, nil
	case tokenNumber:
		if strings.ContainsAny(word.text, "eE") {
			return nil, p.unexpected("Invalid attribute name", "An attribute name is required after a dot.")
		}
		if strings.Contains(word.text, ".") {
			return nil, diagnose("Invalid legacy index syntax", "When using the legacy index syntax, chaining two indexes together is not permitted. Use the proper index syntax instead, like [0][1].")
		}
		number, err := parseNumber(word.text)
		if err != nil {
			return nil, diagnose("Invalid legacy index syntax", "%q is not an index.", cut(word.text))
		}
		p.advance()
		return index{literal{numberValue(number)}}, nil
	}
	return nil, p.unexpected("Invalid attribute name", "An attribute name is required after a dot.")
}

// attributeSplat is a.*.b.c: the names that follow are taken of each element, and an index is of the result.
func (p *parser) attributeSplat() (expression, error) {
	var steps []expression
	for p.take(".") {
		step, err := p.attributeStep()
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return splat{steps}, nil
}

func (p *parser) afterBracket() (expression, error) {
	if !p.current.is("*") {
		key, err := p.closedKey()
		return index{key}, err
	}
	p.advance()
	if err := p.expect("]", "Missing close bracket on splat index", "The star for a full splat operator must be immediately followed by a closing bracket (\"]\")."); err != nil {
		return nil, err
	}
	return p.deeper(func() (expression, error) {
		steps, err := p.steps()
		return splat{steps}, err
	})
}

func (p *parser) closedKey() (expression, error) {
	key, err := p.withNewlines(false, func() (expression, error) {
		p.peek()
		key, err := p.expression()
		if err == nil && !p.current.is("]") {
			err = p.unexpected("Missing close bracket on index", "The index operator must end with a closing bracket (\"]\").")
		}
		return key, err
	})
	if err == nil {
		p.advance()
	}
	return key, err
}

func (p *parser) term() (expression, error) {
	word := p.current
	switch word.kind {
	case tokenQuote:
		return p.quoted()
	case tokenNumber:
		number, err := parseNumber(word.text)
		if err != nil {
			return nil, diagnose("Invalid number literal", "%q is not a number that can be used here.", cut(word.text))
		}
		p.advance()
		return literal{numberValue(number)}, nil
	case tokenName:
		p.advance()
		return p.afterName(word.text)
	case tokenMark:
		switch word.text {
		case "(":
			return p.parenthesis()
		case "[":
			return p.tuple()
		case "{":
			return p.object()
		}
	}
	return nil, p.unexpected("Invalid expression", "Expected the start of an expression, but found an invalid expression token.")
}

func cut(text string) string {
	if len(text) > 64 {
		return text[:64] + "…"
	}
	return text
}

func (p *parser) afterName(name string) (expression, error) {
	if p.current.is("(") || p.current.is("::") {
		return p.call(name)
	}
	switch name {
	case "true", "false":
		return literal{boolValue(name == "true")}, nil
	case "null":
		return literal{nullValue}, nil
	}
	return variable{name}, nil
}

func (p *parser) parenthesis() (expression, error) {
	inner, err := p.withNewlines(false, func() (expression, error) {
		p.advance()
		inner, err := p.expression()
		if err == nil && !p.current.is(")") {
			err = p.unexpected("Unbalanced parentheses", "Expected a closing parenthesis to terminate the expression.")
		}
		return inner, err
	})
	if err != nil {
		return nil, err
	}
	p.advance()
	return parenthesis{inner}, nil
}

func (p *parser) call(name string) (expression, error) {
	name = p.restOfName(name)
	if !p.current.is("(") {
		return nil, p.unexpected("Missing open parenthesis", "Function selector must be followed by an open parenthesis to begin the function call.")
	}
	call := &call{name: name}
	result, err := p.withNewlines(false, func() (expression, error) {
		p.advance()
		return call, p.arguments(call)
	})
	if err != nil {
		return nil, err
	}
	p.advance()
	return result, nil
}

// restOfName is the name of a function with its namespaces, as in a::b::c.
func (p *parser) restOfName(first string) string {
	parts := []string{first}
	for p.take("::") {
		parts = append(parts, p.current.text)
		p.advance()
	}
	return strings.Join(parts, "::")
}

// arguments ends at the closing parenthesis.
func (p *parser) arguments(call *call) error {
	for !p.current.is(")") {
		argument, err := p.expression()
		if err != nil {
			return err
		}
		call.arguments = append(call.arguments, argument)
		if p.take("...") {
			call.expands = true
			if !p.current.is(")") {
				return p.unexpected("Missing closing parenthesis", "An expanded function argument (with ...) must be immediately followed by closing parentheses.")
			}
			return nil
		}
		if !p.take(",") && !p.current.is(")") {
			return p.unexpected("Missing argument separator", "A comma is required to separate each function argument from the next.")
		}
	}
	return nil
}

func (p *parser) tuple() (expression, error) {
	result, err := p.withNewlines(false, func() (expression, error) {
		p.advance()
		if p.current.isName("for") {
			return p.forExpression("]")
		}
		return p.tupleItems()
	})
	if err != nil {
		return nil, err
	}
	p.advance()
	return result, nil
}

func (p *parser) tupleItems() (expression, error) {
	var items []expression
	for !p.current.is("]") {
		item, err := p.expression()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if !p.take(",") && !p.current.is("]") {
			return nil, p.unexpected("Missing item separator", "Expected a comma to mark the beginning of the next item.")
		}
	}
	return tuple{items}, nil
}

func (p *parser) object() (expression, error) {
	result, err := p.withNewlines(true, func() (expression, error) {
		p.advance()
		p.skipNewlines()
		if p.current.isName("for") {
			return p.withNewlines(false, func() (expression, error) { return p.forExpression("}") })
		}
		return p.objectItems()
	})
	if err != nil {
		return nil, err
	}
	p.advance()
	return result, nil
}

func (p *parser) skipNewlines() {
	for p.current.kind == tokenNewline {
		p.advance()
	}
}

func (p *parser) objectItems() (expression, error) {
	var items []objectItem
	for !p.current.is("}") {
		key, err := p.expression()
		if err != nil {
			return nil, err
		}
		if !p.take("=") && !p.take(":") {
			return nil, p.unexpected("Missing attribute value", "Expected an attribute value, introduced by an equals sign (\"=\").")
		}
		p.skipNewlines()
		content, err := p.expression()
		if err != nil {
			return nil, err
		}
		items = append(items, objectItem{key, content})
		if p.current.kind != tokenNewline && !p.current.is(",") && !p.current.is("}") {
			return nil, p.unexpected("Missing attribute separator", "Expected a newline or comma to mark the beginning of the next attribute.")
		}
		p.take(",")
		p.skipNewlines()
	}
	return object{items}, nil
}

func (p *parser) forExpression(closing string) (expression, error) {
	p.advance()
	loop := &forExpression{object: closing == "}"}
	if err := p.forIntroduction(loop); err != nil {
		return nil, err
	}
	if err := p.expect(":", "Invalid 'for' expression", "For expression requires a colon after the collection expression."); err != nil {
		return nil, err
	}
	if err := p.forResult(loop); err != nil {
		return nil, err
	}
	if p.current.isName("if") {
		p.advance()
		var err error
		if loop.condition, err = p.expression(); err != nil {
			return nil, err
		}
	}
	if !p.current.is(closing) {
		return nil, p.unexpected("Invalid 'for' expression", "Extra characters after the end of the 'for' expression.")
	}
	return loop, nil
}

// forIntroduction is "k, v in collection", after the word for.
func (p *parser) forIntroduction(loop *forExpression) error {
	name, err := p.forVariable()
	if err != nil {
		return err
	}
	loop.item = name
	if p.take(",") {
		loop.key = name
		if loop.item, err = p.forVariable(); err != nil {
			return err
		}
	}
	if !p.current.isName("in") {
		return p.unexpected("Invalid 'for' expression", "For expression requires the 'in' keyword after its name declarations.")
	}
	p.advance()
	loop.collection, err = p.expression()
	return err
}

func (p *parser) forVariable() (string, error) {
	if p.current.kind != tokenName {
		return "", p.unexpected("Invalid 'for' expression", "For expression requires variable name after 'for'.")
	}
	name := p.current.text
	p.advance()
	return name, nil
}

func (p *parser) forResult(loop *forExpression) error {
	first, err := p.expression()
	if err != nil {
		return err
	}
	loop.result = first
	if !loop.object {
		return nil
	}
	if err := p.expect("=>", "Invalid 'for' expression", "When building an object from a 'for' expression, a key and a value separated by \"=>\" are required."); err != nil {
		return err
	}
	loop.resultKey = first
	if loop.result, err = p.expression(); err != nil {
		return err
	}
	loop.groups = p.take("...")
	return nil
}
