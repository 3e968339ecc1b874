// for, splats, and steps from a value to what it holds.
package interpolation

import (
	"math/big"
	"strings"
)

type (
	attribute struct{ name string }
	index     struct{ key expression }
	// traversal's steps are attributes, indexes and splats, and so are a splat's.
	traversal struct {
		from  expression
		steps []expression
	}
	splat         struct{ steps []expression }
	forExpression struct {
		key, item  string
		collection expression
		// resultKey is nil but for an object.
		resultKey, result expression
		condition         expression
		object, groups    bool
	}
)

func isAttribute(step expression) bool {
	_, ok := step.(attribute)
	return ok
}

// A step has no value of its own.
func (attribute) evaluate(*scope) (value, error) { return nullValue, nil }
func (index) evaluate(*scope) (value, error)     { return nullValue, nil }
func (splat) evaluate(*scope) (value, error)     { return nullValue, nil }

func (e traversal) evaluate(s *scope) (value, error) {
	from, err := e.from.evaluate(s)
	if err != nil {
		return value{}, err
	}
	return s.follow(from, e.steps)
}

func (s *scope) follow(from value, steps []expression) (value, error) {
	for _, step := range steps {
		if err := s.spend(1); err != nil {
			return value{}, err
		}
		var err error
		switch node := step.(type) {
		case attribute:
			from, err = attributeOf(from, node.name)
		case index:
			from, err = s.elementAt(from, node.key)
		case splat:
			from, err = s.splat(from, node.steps)
		}
		if err != nil {
			return value{}, err
		}
	}
	return from, nil
}

func attributeOf(from value, name string) (value, error) {
	if from.null {
		return value{}, diagnose("Attempt to get attribute from null value", "This value is null, so it does not have any attributes.")
	}
	if !from.hasFields() {
		return value{}, diagnose("Unsupported attribute", "Can't access attributes on a primitive-typed value or a list: there is no attribute %q.", name)
	}
	if found, ok := from.fields[name]; ok {
		return found, nil
	}
	if from.kind == kindMap {
		return value{}, diagnose("Missing map element", "This map does not have an element with the key %q.", name)
	}
	return value{}, diagnose("Unsupported attribute", "This object does not have an attribute named %q.", name)
}

func (s *scope) elementAt(from value, keyExpression expression) (value, error) {
	key, err := keyExpression.evaluate(s)
	if err != nil {
		return value{}, err
	}
	return elementOf(from, key)
}

const noSuchElement = "The given key does not identify an element in this collection value."

func elementOf(from, key value) (value, error) {
	switch {
	case from.null:
		return value{}, diagnose("Attempt to index null value", "This value is null, so it does not have any indices.")
	case key.null:
		return value{}, diagnose("Invalid index", "Can't use a null value as an indexing key.")
	case from.isSequence():
		return itemOf(from, key)
	case from.hasFields():
		return fieldOf(from, key)
	}
	return value{}, diagnose("Invalid index", "This value does not have any indices.")
}

func itemOf(from, key value) (value, error) {
	number, err := toNumber(key)
	if err != nil {
		return value{}, diagnose("Invalid index", "The given key does not identify an element in this collection value: %v.", err)
	}
	position, accuracy := number.Int64()
	if accuracy != big.Exact || position < 0 || position >= int64(len(from.items)) {
		return value{}, diagnose("Invalid index", noSuchElement)
	}
	return from.items[position], nil
}

func fieldOf(from, key value) (value, error) {
	name, err := toText(key)
	if err != nil {
		return value{}, diagnose("Invalid index", "The given key does not identify an element in this collection value: %v.", err)
	}
	if found, ok := from.fields[name]; ok {
		return found, nil
	}
	return value{}, diagnose("Invalid index", noSuchElement)
}

// splat takes a value that is no list as a list of one, and null as a list of none.
func (s *scope) splat(from value, steps []expression) (value, error) {
	var sources []value
	switch {
	case from.null:
	case from.isSequence():
		sources = from.items
	default:
		sources = []value{from}
	}
	items := make([]value, len(sources))
	for i, source := range sources {
		var err error
		if items[i], err = s.follow(source, steps); err != nil {
			return value{}, err
		}
	}
	if from.kind == kindList && len(items) > 0 {
		return s.list(items, items[0].typeOf())
	}
	return s.tuple(items)
}

// element is one turn of a for.
type element struct{ key, item value }

func elementsOf(collection value) ([]element, error) {
	if collection.null {
		return nil, diagnose("Iteration over null value", "A null value cannot be used as the collection in a 'for' expression.")
	}
	var elements []element
	switch {
	case collection.isSequence():
		for i, item := range collection.items {
			elements = append(elements, element{intValue(i), item})
		}
	case collection.hasFields():
		for _, key := range collection.keys() {
			elements = append(elements, element{stringValue(key), collection.fields[key]})
		}
	default:
		return nil, diagnose("Iteration over non-iterable value", "A value of type %s cannot be used as the collection in a 'for' expression.", kindNames[collection.kind])
	}
	return elements, nil
}

func (e *forExpression) evaluate(s *scope) (value, error) {
	collection, err := e.collection.evaluate(s)
	if err != nil {
		return value{}, err
	}
	elements, err := elementsOf(collection)
	if err != nil {
		return value{}, err
	}
	result := forResult{fields: map[string]value{}, groups: map[string][]value{}}
	for _, each := range elements {
		names := map[string]value{e.item: each.item}
		if e.key != "" && e.key != e.item {
			names[e.key] = each.key
		}
		if err := s.spend(scalarSize); err != nil {
			return value{}, err
		}
		if err := e.turn(&scope{budget: s.budget, names: names, parent: s}, &result); err != nil {
			return value{}, err
		}
	}
	return e.finish(s, result)
}

type forResult struct {
	items  []value
	fields map[string]value
	groups map[string][]value
}

func (e *forExpression) turn(s *scope, result *forResult) error {
	included, err := e.includes(s)
	if err != nil || !included {
		return err
	}
	if !e.object {
		item, err := e.result.evaluate(s)
		result.items = append(result.items, item)
		return err
	}
	keyValue, err := e.resultKey.evaluate(s)
	if err != nil {
		return err
	}
	key, err := fieldName(keyValue)
	if err != nil {
		return err
	}
	content, err := e.result.evaluate(s)
	if err != nil {
		return err
	}
	if e.groups {
		result.groups[key] = append(result.groups[key], content)
		return nil
	}
	if _, ok := result.fields[key]; ok {
		return diagnose("Duplicate object key", "Two different items produced the key %q in this 'for' expression. If duplicates are expected, use the ellipsis (...) after the value expression to enable grouping by key.", cut(key))
	}
	result.fields[key] = content
	return nil
}

func (e *forExpression) includes(s *scope) (bool, error) {
	if e.condition == nil {
		return true, nil
	}
	condition, err := e.condition.evaluate(s)
	if err != nil {
		return false, err
	}
	included, err := toBool(condition)
	if err != nil {
		return false, diagnose("Invalid 'for' condition", "The 'if' clause value is invalid: %v.", err)
	}
	return included, nil
}

func (e *forExpression) finish(s *scope, result forResult) (value, error) {
	if !e.object {
		return s.tuple(result.items)
	}
	for key, items := range result.groups {
		group, err := s.tuple(items)
		if err != nil {
			return value{}, err
		}
		result.fields[key] = group
	}
	return s.object(result.fields)
}

// nest puts dotted names into objects: attr.cpu.arch becomes attr { cpu { arch } }. A name that has an empty part or is
// not made of names is left out. Where one name is the beginning of another, the longer one wins.
func nest(into map[string]any, name, text string) {
	parts := strings.Split(name, ".")
	for _, part := range parts {
		if part == "" {
			return
		}
	}
	for _, part := range parts[:len(parts)-1] {
		inner, ok := into[part].(map[string]any)
		if !ok {
			inner = map[string]any{}
			into[part] = inner
		}
		into = inner
	}
	last := parts[len(parts)-1]
	if _, ok := into[last].(map[string]any); !ok {
		into[last] = text
	}
}
