// The evaluation of expressions.
package interpolation

import (
	"errors"
	"math/big"
	"slices"
	"strings"
)

// scope is where names are looked up: those of a for, then those of what surrounds it.
type scope struct {
	*budget
	names  map[string]value
	parent *scope
}

type (
	literal     struct{ value value }
	variable    struct{ name string }
	parenthesis struct{ inner expression }
	unary       struct {
		operator string
		operand  expression
	}
	operationStep struct {
		operator string
		operand  expression
	}
	operation struct {
		first expression
		rest  []operationStep
	}
	conditional struct{ condition, whenTrue, whenFalse expression }
	template    struct{ pieces []expression }
	join        struct{ loop *forExpression }
	tuple       struct{ items []expression }
	objectItem  struct{ key, content expression }
	object      struct{ items []objectItem }
)

func (e literal) evaluate(s *scope) (value, error) { return e.value, s.spend(1) }

func (e parenthesis) evaluate(s *scope) (value, error) { return e.inner.evaluate(s) }

func (e variable) evaluate(s *scope) (value, error) {
	for at := s; at != nil; at = at.parent {
		if found, ok := at.names[e.name]; ok {
			return found, s.spend(1)
		}
	}
	return value{}, diagnose("Unknown variable", "There is no variable named %q.", e.name)
}

func (e unary) evaluate(s *scope) (value, error) {
	operand, err := e.operand.evaluate(s)
	if err != nil {
		return value{}, err
	}
	if e.operator == "!" {
		flag, err := toBool(operand)
		return boolValue(!flag), badOperand("unary operand", err)
	}
	number, err := toNumber(operand)
	if err != nil {
		return value{}, badOperand("unary operand", err)
	}
	return numberValue(new(big.Float).Neg(number)), s.spend(scalarSize)
}

// badOperand keeps errors that say all by themselves.
func badOperand(place string, err error) error {
	if err == nil || errors.As(err, new(Diagnostic)) {
		return err
	}
	return diagnose("Invalid operand", "Unsuitable value for %s: %v.", place, err)
}

func (e operation) evaluate(s *scope) (value, error) {
	result, err := e.first.evaluate(s)
	if err != nil {
		return value{}, err
	}
	for _, step := range e.rest {
		operand, err := step.operand.evaluate(s)
		if err != nil {
			return value{}, err
		}
		if result, err = s.operate(result, step.operator, operand); err != nil {
			return value{}, err
		}
	}
	return result, nil
}

func (b *budget) operate(left value, operator string, right value) (value, error) {
	switch operator {
	case "==", "!=":
		same, err := b.areEqual(left, right)
		return boolValue(same == (operator == "==")), err
	case "&&", "||":
		return logical(left, operator, right)
	}
	first, err := toNumber(left)
	if err != nil {
		return value{}, badOperand("left operand", err)
	}
	second, err := toNumber(right)
	if err != nil {
		return value{}, badOperand("right operand", err)
	}
	if err := b.spend(10 * scalarSize); err != nil {
		return value{}, err
	}
	switch operator {
	case "<":
		return boolValue(first.Cmp(second) < 0), nil
	case ">":
		return boolValue(first.Cmp(second) > 0), nil
	case "<=":
		return boolValue(first.Cmp(second) <= 0), nil
	case ">=":
		return boolValue(first.Cmp(second) >= 0), nil
	}
	number, err := arithmetic(first, operator, second)
	return numberValue(number), err
}

func logical(left value, operator string, right value) (value, error) {
	first, err := toBool(left)
	if err != nil {
		return value{}, badOperand("left operand", err)
	}
	second, err := toBool(right)
	if err != nil {
		return value{}, badOperand("right operand", err)
	}
	if operator == "&&" {
		return boolValue(first && second), nil
	}
	return boolValue(first || second), nil
}

// arithmetic knows infinities, as HCL does: 1/0 is one.
func arithmetic(first *big.Float, operator string, second *big.Float) (result *big.Float, err error) {
	defer func() {
		if nan, ok := recover().(big.ErrNaN); ok {
			result, err = nil, diagnose("Invalid operation", "There is no result: %v.", nan)
		}
	}()
	result = new(big.Float)
	switch operator {
	case "+":
		result.Add(first, second)
	case "-":
		result.Sub(first, second)
	case "*":
		result.Mul(first, second)
	case "/":
		result.Quo(first, second)
	case "%":
		if second.Sign() == 0 {
			return first, nil
		}
		if first.IsInf() || second.IsInf() {
			return nil, diagnose("Invalid operation", "An infinite number has no remainder.")
		}
		result.Quo(first, second)
		whole, _ := result.Int(nil)
		product := new(big.Float).Copy(first).SetInt(whole)
		product.Mul(second, product)
		result = new(big.Float).Sub(first, product)
	}
	return checkNumber(result)
}

// evaluate computes both branches, as they must have one type. What is wrong in the one that is not chosen is no error.
func (e conditional) evaluate(s *scope) (value, error) {
	whenTrue, errTrue := e.whenTrue.evaluate(s)
	whenFalse, errFalse := e.whenFalse.evaluate(s)
	if err := s.spend(whenTrue.size + whenFalse.size); err != nil {
		return value{}, err
	}
	common, ok := unify(branchType(e.whenTrue, whenTrue, errTrue), branchType(e.whenFalse, whenFalse, errFalse))
	if !ok {
		return value{}, diagnose("Inconsistent conditional result types", "The true and false result expressions must have consistent types.")
	}
	condition, err := e.condition.evaluate(s)
	if err != nil {
		return value{}, err
	}
	if condition.null {
		return value{}, diagnose("Null condition", "The condition value is null. Conditions must either be true or false.")
	}
	chosen, err := toBool(condition)
	if err != nil {
		return value{}, diagnose("Incorrect condition type", "The condition expression must be of type bool.")
	}
	if chosen {
		return s.convertUnlessFailed(whenTrue, common, errTrue)
	}
	return s.convertUnlessFailed(whenFalse, common, errFalse)
}

// branchType is what a branch would have been, as far as its form tells, where it failed.
func branchType(branch expression, result value, err error) valueType {
	if err == nil {
		return result.typeOf()
	}
	switch node := branch.(type) {
	case parenthesis:
		return branchType(node.inner, result, err)
	case template:
		return stringType
	case operation:
		return operatorType(node.rest[len(node.rest)-1].operator)
	case unary:
		return operatorType(node.operator)
	}
	return anyType
}

func operatorType(operator string) valueType {
	if len(operator) == 1 && strings.Contains("+-*/%", operator) {
		return numberType
	}
	return boolType
}

func (b *budget) convertUnlessFailed(v value, t valueType, err error) (value, error) {
	if err != nil {
		return value{}, err
	}
	return b.convert(v, t)
}

func (e template) evaluate(s *scope) (value, error) {
	var text strings.Builder
	for _, piece := range e.pieces {
		content, err := piece.evaluate(s)
		if err != nil {
			return value{}, err
		}
		if err := s.write(&text, content); err != nil {
			return value{}, err
		}
	}
	return stringValue(text.String()), nil
}

const badInterpolation = "Invalid template interpolation value"

func (b *budget) write(text *strings.Builder, content value) error {
	if content.null {
		return diagnose(badInterpolation, "The expression result is null. Cannot include a null value in a string template.")
	}
	piece, err := toText(content)
	if err != nil {
		return diagnose(badInterpolation, "Cannot include the given value in a string template: %v.", err)
	}
	if text.Len()+len(piece) > MaxResultBytes {
		return errTooMuchWork
	}
	text.WriteString(piece)
	return b.spend(1 + len(piece))
}

func (e join) evaluate(s *scope) (value, error) {
	pieces, err := e.loop.evaluate(s)
	if err != nil {
		return value{}, err
	}
	var text strings.Builder
	for _, piece := range pieces.items {
		if err := s.write(&text, piece); err != nil {
			return value{}, err
		}
	}
	return stringValue(text.String()), nil
}

func (e tuple) evaluate(s *scope) (value, error) {
	items := make([]value, len(e.items))
	for i, item := range e.items {
		var err error
		if items[i], err = item.evaluate(s); err != nil {
			return value{}, err
		}
	}
	return s.tuple(items)
}

func (e object) evaluate(s *scope) (value, error) {
	fields := make(map[string]value, len(e.items))
	for _, item := range e.items {
		key, err := s.objectKey(item.key)
		if err != nil {
			return value{}, err
		}
		if fields[key], err = item.content.evaluate(s); err != nil {
			return value{}, err
		}
	}
	return s.object(fields)
}

// objectKey takes a bare name as itself: a variable must be in parentheses.
func (s *scope) objectKey(key expression) (string, error) {
	switch node := key.(type) {
	case variable:
		return node.name, nil
	case traversal:
		if slices.ContainsFunc(node.steps, isAttribute) {
			return "", diagnose("Ambiguous attribute key", "If this expression is intended to be a reference, wrap it in parentheses. If it's instead intended as a literal name containing periods, wrap it in quotes to create a string literal.")
		}
	case literal:
		if node.value.kind == kindBool || node.value.null {
			return keywordOf(node.value), nil
		}
	}
	content, err := key.evaluate(s)
	if err != nil {
		return "", err
	}
	return fieldName(content)
}

func keywordOf(v value) string {
	if v.null {
		return "null"
	}
	text, _ := toText(v)
	return text
}

func fieldName(content value) (string, error) {
	if content.null {
		return "", diagnose("Null value as key", "Can't use a null value as a key.")
	}
	name, err := toText(content)
	if err != nil {
		return "", diagnose("Incorrect key type", "Can't use this value as a key: %v.", err)
	}
	return name, nil
}
