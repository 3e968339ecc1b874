// Conversions between types: to a text, a number or a condition, and of two values to the one type that holds both.
package interpolation

import (
	"fmt"
	"math/big"
	"strings"
)

const (
	// numberPrecision is what HCL computes with, in bits.
	numberPrecision = 512
	// maxExponent keeps numbers from being texts of a gigabyte.
	maxExponent    = 1 << 16
	maxNumberBytes = 4096
)

func parseNumber(text string) (*big.Float, error) {
	if digits := strings.TrimLeft(text, "+-"); digits != "inf" && digits != "Inf" && (len(text) > maxNumberBytes || !isNumberText(text)) {
		return nil, errNotNumber
	}
	number, _, err := big.ParseFloat(text, 10, numberPrecision, big.ToNearestEven)
	if err != nil {
		return nil, errNotNumber
	}
	return checkNumber(number)
}

var errNotNumber = fmt.Errorf("a number is required")

// isNumberText refuses what ParseFloat reads beyond decimal numbers: underscores, other bases.
func isNumberText(text string) bool {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-' {
			continue
		}
		return false
	}
	return true
}

func checkNumber(number *big.Float) (*big.Float, error) {
	if exponent := number.MantExp(nil); exponent > maxExponent || exponent < -maxExponent {
		return nil, diagnose("Number out of range", "A number here is too large or too small to be written out.")
	}
	return number, nil
}

func numberText(number *big.Float) string { return number.Text('f', -1) }

// toText fails with what was wanted, as a clause.
func toText(v value) (string, error) {
	switch {
	case v.null:
		return "", fmt.Errorf("argument must not be null")
	case v.kind == kindString:
		return v.text, nil
	case v.kind == kindNumber:
		return numberText(v.number), nil
	case v.kind == kindBool:
		return fmt.Sprintf("%t", v.flag), nil
	}
	return "", fmt.Errorf("string required, but have %s", kindNames[v.kind])
}

func toNumber(v value) (*big.Float, error) {
	switch {
	case v.null:
		return nil, fmt.Errorf("argument must not be null")
	case v.kind == kindNumber:
		return v.number, nil
	case v.kind == kindString:
		return parseNumber(v.text)
	}
	return nil, fmt.Errorf("number required, but have %s", kindNames[v.kind])
}

func toBool(v value) (bool, error) {
	switch {
	case v.null:
		return false, fmt.Errorf("argument must not be null")
	case v.kind == kindBool:
		return v.flag, nil
	case v.kind == kindString && (v.text == "true" || v.text == "1"):
		return true, nil
	case v.kind == kindString && (v.text == "false" || v.text == "0"):
		return false, nil
	case v.kind == kindString:
		return false, fmt.Errorf("a bool is required")
	}
	return false, fmt.Errorf("bool required, but have %s", kindNames[v.kind])
}

func isPrimitive(k kind) bool { return k == kindBool || k == kindNumber || k == kindString }

// unify is the type that values of both types can be converted to.
func unify(left, right valueType) (valueType, bool) {
	switch {
	case left.equal(right), right.kind == kindAny:
		return left, true
	case left.kind == kindAny:
		return right, true
	case isPrimitive(left.kind) && isPrimitive(right.kind):
		return stringType, left.kind == kindString || right.kind == kindString
	case left.kind == kindTuple && right.kind == kindTuple && len(left.items) == len(right.items):
		return unifyTuples(left, right)
	case left.kind == kindObject && right.kind == kindObject && sameKeys(left.fields, right.fields):
		return unifyObjects(left, right)
	case isSequenceType(left) && isSequenceType(right):
		of, ok := unifyAll(append(elementTypes(left), elementTypes(right)...))
		return valueType{kind: kindList, of: &of}, ok
	case hasFieldTypes(left) && hasFieldTypes(right):
		of, ok := unifyAll(append(elementTypes(left), elementTypes(right)...))
		return valueType{kind: kindMap, of: &of}, ok
	}
	return anyType, false
}

func isSequenceType(t valueType) bool { return t.kind == kindTuple || t.kind == kindList }

func hasFieldTypes(t valueType) bool { return t.kind == kindObject || t.kind == kindMap }

func elementTypes(t valueType) []valueType {
	if t.of != nil {
		return []valueType{*t.of}
	}
	types := append([]valueType(nil), t.items...)
	for _, field := range t.fields {
		types = append(types, field)
	}
	return types
}

func unifyAll(types []valueType) (valueType, bool) {
	result := anyType
	// A text takes numbers and bools, which do not take each other.
	for _, t := range types {
		if t.kind == kindString {
			result = stringType
		}
	}
	for _, t := range types {
		var ok bool
		if result, ok = unify(result, t); !ok {
			return anyType, false
		}
	}
	return result, true
}

func unifyTuples(left, right valueType) (valueType, bool) {
	result := valueType{kind: kindTuple, items: make([]valueType, len(left.items))}
	for i := range left.items {
		var ok bool
		if result.items[i], ok = unify(left.items[i], right.items[i]); !ok {
			return anyType, false
		}
	}
	return result, true
}

func sameKeys(left, right map[string]valueType) bool {
	for key := range left {
		if _, ok := right[key]; !ok {
			return false
		}
	}
	return len(left) == len(right)
}

func unifyObjects(left, right valueType) (valueType, bool) {
	result := valueType{kind: kindObject, fields: make(map[string]valueType, len(left.fields))}
	for key, field := range left.fields {
		unified, ok := unify(field, right.fields[key])
		if !ok {
			return anyType, false
		}
		result.fields[key] = unified
	}
	return result, true
}

// convert changes a value to a type that unify has found for it.
func (b *budget) convert(v value, t valueType) (value, error) {
	if v.null || t.kind == kindAny {
		return v, b.spend(1)
	}
	switch t.kind {
	case kindString:
		text, err := toText(v)
		return stringValue(text), err
	case kindTuple, kindList:
		return b.convertItems(v, t)
	case kindObject, kindMap:
		return b.convertFields(v, t)
	}
	return v, nil
}

func (b *budget) convertItems(v value, t valueType) (value, error) {
	items := make([]value, len(v.items))
	for i, item := range v.items {
		want := t.of
		if t.kind == kindTuple {
			want = &t.items[i]
		}
		var err error
		if items[i], err = b.convert(item, *want); err != nil {
			return value{}, err
		}
	}
	return b.sized(value{kind: t.kind, items: items, of: t.of})
}

func (b *budget) convertFields(v value, t valueType) (value, error) {
	fields := make(map[string]value, len(v.fields))
	for key, field := range v.fields {
		want := t.of
		if t.kind == kindObject {
			own := t.fields[key]
			want = &own
		}
		var err error
		if fields[key], err = b.convert(field, *want); err != nil {
			return value{}, err
		}
	}
	return b.sized(value{kind: t.kind, fields: fields, of: t.of})
}
