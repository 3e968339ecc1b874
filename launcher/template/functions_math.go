// Arithmetic: whole numbers stay whole, and one float makes the result a float. The second argument comes first, for pipes.
package template

import (
	"errors"
	"fmt"
	"reflect"
	text "text/template"
)

func mathFunctions() text.FuncMap {
	return text.FuncMap{
		"add":      func(b, a any) (any, error) { return calculate("add", a, b) },
		"subtract": func(b, a any) (any, error) { return calculate("subtract", a, b) },
		"multiply": func(b, a any) (any, error) { return calculate("multiply", a, b) },
		"divide":   func(b, a any) (any, error) { return calculate("divide", a, b) },
		"modulo":   func(b, a any) (any, error) { return calculate("modulo", a, b) },
		"minimum":  func(b, a any) (any, error) { return calculate("minimum", a, b) },
		"maximum":  func(b, a any) (any, error) { return calculate("maximum", a, b) },
	}
}

func calculate(name string, first, second any) (any, error) {
	a, b := reflect.ValueOf(first), reflect.ValueOf(second)
	for _, value := range []reflect.Value{b, a} {
		isWhole := value.CanInt() || value.CanUint()
		if !isWhole && (!value.CanFloat() || name == "modulo") {
			return nil, fmt.Errorf("%s: unknown type for an argument (%s)", name, kindOf(value))
		}
	}
	switch {
	case a.CanFloat() || b.CanFloat():
		return calculated(name, asFloat(a), asFloat(b))
	case (name == "divide" || name == "modulo") && b.IsZero():
		return nil, errors.New(name + " by zero")
	case name == "modulo" && a.CanUint() && b.CanUint():
		return a.Uint() % b.Uint(), nil
	case name == "modulo":
		return asInt(a) % asInt(b), nil
	case a.CanUint() && b.CanUint():
		return calculated(name, a.Uint(), b.Uint())
	}
	return calculated(name, asInt(a), asInt(b))
}

func calculated[N int64 | uint64 | float64](name string, a, b N) (any, error) {
	switch name {
	case "add":
		return a + b, nil
	case "subtract":
		return a - b, nil
	case "multiply":
		return a * b, nil
	case "divide":
		return a / b, nil
	case "minimum":
		return min(a, b), nil
	}
	return max(a, b), nil
}

func kindOf(value reflect.Value) string {
	if !value.IsValid() {
		return "nil"
	}
	return value.Type().String()
}

func asFloat(value reflect.Value) float64 {
	switch {
	case value.CanInt():
		return float64(value.Int())
	case value.CanUint():
		return float64(value.Uint())
	}
	return value.Float()
}

func asInt(value reflect.Value) int64 {
	if value.CanUint() {
		return int64(value.Uint())
	}
	return value.Int()
}
