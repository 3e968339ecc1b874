// The values of HCL expressions: their types, how they become texts and numbers, and when two are equal.
package interpolation

import (
	"maps"
	"math/big"
	"slices"
)

type kind uint8

const (
	// kindAny is the type of the word null, and of the elements of an empty list.
	kindAny kind = iota
	kindBool
	kindNumber
	kindString
	// A tuple and an object have a type for each element; a list and a map have one for all.
	kindTuple
	kindObject
	kindList
	kindMap
)

var kindNames = [...]string{"dynamic", "bool", "number", "string", "tuple", "object", "list", "map"}

// value is immutable. Only the fields of its kind are set.
type value struct {
	kind   kind
	null   bool
	flag   bool
	number *big.Float
	text   string
	items  []value
	fields map[string]value
	// of is the type of a list's or map's elements.
	of *valueType
	// size is what the value would take written out: parts that it holds several times count each time.
	size int
}

type valueType struct {
	kind   kind
	items  []valueType
	fields map[string]valueType
	of     *valueType
}

const (
	maxSize    = 1 << 22
	scalarSize = 16
)

var (
	anyType    = valueType{kind: kindAny}
	stringType = valueType{kind: kindString}
	numberType = valueType{kind: kindNumber}
	boolType   = valueType{kind: kindBool}
	nullValue  = value{null: true, size: scalarSize}
)

func boolValue(flag bool) value { return value{kind: kindBool, flag: flag, size: scalarSize} }

func stringValue(text string) value {
	return value{kind: kindString, text: text, size: scalarSize + len(text)}
}

func numberValue(number *big.Float) value {
	return value{kind: kindNumber, number: number, size: 10 * scalarSize}
}

func intValue(n int) value { return numberValue(new(big.Float).SetInt64(int64(n))) }

func (b *budget) tuple(items []value) (value, error) {
	return b.sized(value{kind: kindTuple, items: items})
}

func (b *budget) list(items []value, of valueType) (value, error) {
	return b.sized(value{kind: kindList, items: items, of: &of})
}

func (b *budget) object(fields map[string]value) (value, error) {
	return b.sized(value{kind: kindObject, fields: fields})
}

func (b *budget) mapOf(fields map[string]value, of valueType) (value, error) {
	return b.sized(value{kind: kindMap, fields: fields, of: &of})
}

// sized refuses values that are too big, so that walking over one is always possible.
func (b *budget) sized(v value) (value, error) {
	v.size = scalarSize
	for _, item := range v.items {
		v.size += item.size
	}
	for key, field := range v.fields {
		v.size += len(key) + field.size
	}
	if v.size > maxSize {
		return value{}, errTooMuchWork
	}
	return v, b.spend(scalarSize * (1 + len(v.items) + len(v.fields)))
}

func (v value) isSequence() bool { return v.kind == kindTuple || v.kind == kindList }

func (v value) hasFields() bool { return v.kind == kindObject || v.kind == kindMap }

func (v value) keys() []string { return slices.Sorted(maps.Keys(v.fields)) }

func (v value) typeOf() valueType {
	t := valueType{kind: v.kind, of: v.of}
	if v.kind == kindTuple {
		t.items = make([]valueType, len(v.items))
		for i, item := range v.items {
			t.items[i] = item.typeOf()
		}
	}
	if v.kind == kindObject {
		t.fields = make(map[string]valueType, len(v.fields))
		for key, field := range v.fields {
			t.fields[key] = field.typeOf()
		}
	}
	return t
}

func (t valueType) equal(other valueType) bool {
	if t.kind != other.kind || len(t.items) != len(other.items) || len(t.fields) != len(other.fields) {
		return false
	}
	if t.of != nil && other.of != nil && !t.of.equal(*other.of) {
		return false
	}
	for i := range t.items {
		if !t.items[i].equal(other.items[i]) {
			return false
		}
	}
	for key, field := range t.fields {
		twin, ok := other.fields[key]
		if !ok || !field.equal(twin) {
			return false
		}
	}
	return true
}

// areEqual never converts: the text "1" is not the number 1.
func (b *budget) areEqual(left, right value) (bool, error) {
	if err := b.spend(left.size + right.size); err != nil {
		return false, err
	}
	if left.null || right.null {
		return left.null && right.null, nil
	}
	if !left.typeOf().equal(right.typeOf()) {
		return false, nil
	}
	return sameContent(left, right), nil
}

func sameContent(left, right value) bool {
	if left.null || right.null {
		return left.null && right.null
	}
	switch left.kind {
	case kindBool:
		return left.flag == right.flag
	case kindNumber:
		return left.number.Cmp(right.number) == 0
	case kindString:
		return left.text == right.text
	case kindTuple, kindList:
		return slices.EqualFunc(left.items, right.items, sameContent)
	}
	return maps.EqualFunc(left.fields, right.fields, sameContent)
}
