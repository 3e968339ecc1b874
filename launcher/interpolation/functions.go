// The functions that Nomad gives to a driver's config.
package interpolation

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
)

type call struct {
	name      string
	arguments []expression
	// expands: the last argument is a list, whose elements are the arguments.
	expands bool
}

type function struct {
	// parameters counts those that must be there; any number may follow where more is set.
	parameters int
	more       bool
	// takesNull lets null through to call.
	takesNull bool
	call      func(b *budget, arguments []value) (value, error)
}

func functionNamed(name string) (function, bool) {
	switch name {
	case "abs":
		return function{parameters: 1, call: absolute}, true
	case "coalesce":
		return function{more: true, takesNull: true, call: coalesce}, true
	case "concat":
		return function{more: true, call: concat}, true
	case "hasindex":
		return function{parameters: 2, call: hasIndex}, true
	case "int":
		return function{parameters: 1, call: integer}, true
	case "jsondecode":
		return function{parameters: 1, call: jsonDecode}, true
	case "jsonencode":
		return function{parameters: 1, takesNull: true, call: jsonEncode}, true
	case "length":
		return function{parameters: 1, call: length}, true
	case "lower":
		return textFunction(strings.ToLower), true
	case "max":
		return function{more: true, call: extreme(1)}, true
	case "min":
		return function{more: true, call: extreme(-1)}, true
	case "reverse":
		return textFunction(reverse), true
	case "strlen":
		return function{parameters: 1, call: textLength}, true
	case "substr":
		return function{parameters: 3, call: substring}, true
	case "upper":
		return textFunction(strings.ToUpper), true
	}
	return function{}, false
}

func (e *call) evaluate(s *scope) (value, error) {
	function, ok := functionNamed(e.name)
	if !ok {
		return value{}, diagnose("Call to unknown function", "There is no function named %q.", cut(e.name))
	}
	arguments, err := e.values(s)
	if err != nil {
		return value{}, err
	}
	if len(arguments) < function.parameters {
		return value{}, diagnose("Not enough function arguments", "Function %q expects %d argument(s), and got %d.", e.name, function.parameters, len(arguments))
	}
	if len(arguments) > function.parameters && !function.more {
		return value{}, diagnose("Too many function arguments", "Function %q expects only %d argument(s).", e.name, function.parameters)
	}
	work := scalarSize
	for _, argument := range arguments {
		work += argument.size
		if argument.null && !function.takesNull {
			return value{}, diagnose("Invalid function argument", "Invalid value for a parameter of %q: argument must not be null.", e.name)
		}
	}
	if err := s.spend(work); err != nil {
		return value{}, err
	}
	result, err := function.call(s.budget, arguments)
	if err != nil && !errors.As(err, new(Diagnostic)) {
		return value{}, diagnose("Error in function call", "Call to function %q failed: %v.", e.name, err)
	}
	return result, err
}

func (e *call) values(s *scope) ([]value, error) {
	var arguments []value
	for i, argument := range e.arguments {
		content, err := argument.evaluate(s)
		if err != nil {
			return nil, err
		}
		if !e.expands || i < len(e.arguments)-1 {
			arguments = append(arguments, content)
			continue
		}
		if content.null || !content.isSequence() {
			return nil, diagnose("Invalid expanding argument value", "The expanding argument (indicated by ...) must be of a tuple, list, or set type.")
		}
		if err := s.spend(content.size); err != nil {
			return nil, err
		}
		arguments = append(arguments, content.items...)
	}
	return arguments, nil
}

func textFunction(change func(string) string) function {
	return function{parameters: 1, call: func(_ *budget, arguments []value) (value, error) {
		text, err := toText(arguments[0])
		return stringValue(change(text)), err
	}}
}

func absolute(_ *budget, arguments []value) (value, error) {
	number, err := toNumber(arguments[0])
	if err != nil {
		return value{}, err
	}
	return numberValue(new(big.Float).Abs(number)), nil
}

// integer rounds towards zero.
func integer(_ *budget, arguments []value) (value, error) {
	number, err := toNumber(arguments[0])
	if err != nil {
		return value{}, err
	}
	if number.IsInf() {
		return value{}, errors.New("an infinite number is no integer")
	}
	if number.IsInt() {
		return numberValue(number), nil
	}
	whole, _ := number.Int(nil)
	return numberValue(new(big.Float).SetPrec(numberPrecision).SetInt(whole)), nil
}

// extreme is max for 1 and min for -1.
func extreme(sign int) func(*budget, []value) (value, error) {
	return func(_ *budget, arguments []value) (value, error) {
		if len(arguments) == 0 {
			return value{}, errors.New("must pass at least one number")
		}
		var best *big.Float
		for _, argument := range arguments {
			number, err := toNumber(argument)
			if err != nil {
				return value{}, err
			}
			if best == nil || number.Cmp(best) == sign {
				best = number
			}
		}
		return numberValue(best), nil
	}
}

func coalesce(b *budget, arguments []value) (value, error) {
	types := make([]valueType, len(arguments))
	untyped := false
	for i, argument := range arguments {
		types[i] = argument.typeOf()
		untyped = untyped || types[i].kind == kindAny
	}
	common, ok := unifyAll(types)
	if !ok && untyped {
		// Beside the word null, what has no common type is left as it is.
		common, ok = anyType, true
	}
	if !ok {
		return value{}, errors.New("all arguments must have the same type")
	}
	for _, argument := range arguments {
		if !argument.null {
			return b.convert(argument, common)
		}
	}
	return value{}, errors.New("no non-null arguments")
}

func concat(b *budget, arguments []value) (value, error) {
	var items []value
	of, isList := anyType, true
	for _, argument := range arguments {
		if !argument.isSequence() {
			return value{}, errors.New("all arguments must be lists or tuples")
		}
		items = append(items, argument.items...)
		if isList = isList && argument.kind == kindList; isList {
			of, isList = unify(of, *argument.of)
		}
	}
	if len(arguments) == 0 {
		return value{}, errors.New("at least one argument is required")
	}
	if !isList {
		return b.tuple(items)
	}
	return b.convertItems(value{kind: kindTuple, items: items}, valueType{kind: kindList, of: &of})
}

func hasIndex(_ *budget, arguments []value) (value, error) {
	collection, key := arguments[0], arguments[1]
	switch {
	case collection.isSequence():
		_, err := itemOf(collection, key)
		return boolValue(err == nil && key.kind == kindNumber), nil
	case collection.kind == kindMap:
		_, err := fieldOf(collection, key)
		return boolValue(err == nil && key.kind == kindString), nil
	}
	return value{}, errors.New("collection must be a list, a map or a tuple")
}

func length(_ *budget, arguments []value) (value, error) {
	switch collection := arguments[0]; collection.kind {
	case kindTuple, kindList:
		return intValue(len(collection.items)), nil
	case kindMap:
		return intValue(len(collection.fields)), nil
	}
	return value{}, errors.New("collection must be a list, a map or a tuple")
}

func textLength(_ *budget, arguments []value) (value, error) {
	text, err := toText(arguments[0])
	return intValue(len(characters(text))), err
}

// substring counts characters as people do. A negative offset counts from the end. The length -1 means all the rest, and so
// does 0 behind a negative offset, as in HCL.
func substring(_ *budget, arguments []value) (value, error) {
	text, err := toText(arguments[0])
	if err != nil {
		return value{}, err
	}
	offset, err := toInt(arguments[1])
	if err != nil {
		return value{}, err
	}
	count, err := toInt(arguments[2])
	if err != nil {
		return value{}, err
	}
	all := characters(text)
	if offset >= len(all) || offset >= 0 && count == 0 {
		return stringValue(""), nil
	}
	if offset < 0 {
		offset = max(0, offset+len(all))
	}
	end := len(all)
	if count > 0 {
		end = min(end, offset+count)
	}
	return stringValue(strings.Join(all[offset:end], "")), nil
}

// toInt keeps to numbers that are safe to add to a length.
func toInt(v value) (int, error) {
	number, err := toNumber(v)
	if err != nil {
		return 0, err
	}
	whole, accuracy := number.Int64()
	if accuracy != big.Exact {
		return 0, fmt.Errorf("a whole number is required")
	}
	return int(min(max(whole, -1<<31), 1<<31)), nil
}
