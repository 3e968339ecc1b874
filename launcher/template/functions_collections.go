// Functions on lists and maps, and the scratchpad.
package template

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	text "text/template"
)

const maxLoop = 100_000

func collectionFunctions() text.FuncMap {
	return text.FuncMap{
		"in":             isIn,
		"contains":       func(needle, in any) bool { return isIn(in, needle) },
		"containsAll":    func(needles []any, in any) bool { return countIn(needles, in) == len(needles) },
		"containsAny":    func(needles []any, in any) bool { return countIn(needles, in) > 0 },
		"containsNone":   func(needles []any, in any) bool { return countIn(needles, in) == 0 },
		"containsNotAll": func(needles []any, in any) bool { return countIn(needles, in) < len(needles) },
		"loop":           loop,
		"explodeMap":     explodeMap,
		"mergeMap":       func(first, second map[string]any) map[string]any { return merged(second, first) },
		"mergeMapWithOverride": func(first, second map[string]any) map[string]any {
			return merged(first, second)
		},
	}
}

// isIn looks for a part of a text, or an element of a list that has the same type and value.
func isIn(in, needle any) bool {
	list := reflect.ValueOf(in)
	switch list.Kind() {
	case reflect.String:
		part, ok := needle.(string)
		return ok && strings.Contains(list.String(), part)
	case reflect.Slice, reflect.Array:
		for index := range list.Len() {
			if reflect.DeepEqual(list.Index(index).Interface(), needle) {
				return true
			}
		}
	}
	return false
}

func countIn(needles []any, in any) int {
	found := 0
	for _, needle := range needles {
		if isIn(in, needle) {
			found++
		}
	}
	return found
}

// loop counts from 0 to its argument, or from the first to the second.
func loop(limits ...any) ([]int64, error) {
	var from, to int64
	var err error
	switch len(limits) {
	case 1:
		to, err = loopLimit(limits[0])
	case 2:
		from, err = loopLimit(limits[0])
		if err == nil {
			to, err = loopLimit(limits[1])
		}
	default:
		return nil, fmt.Errorf("loop: wrong number of arguments, expected 1 or 2, but got %d", len(limits))
	}
	if err != nil || to <= from {
		return nil, err
	}
	// As unsigned numbers, because the difference of two signed ones can overflow.
	if uint64(to)-uint64(from) > maxLoop {
		return nil, bound("loop has more than %d turns; make it shorter", maxLoop)
	}
	turns := make([]int64, 0, to-from)
	for ; from < to; from++ {
		turns = append(turns, from)
	}
	return turns, nil
}

func loopLimit(limit any) (int64, error) {
	value := reflect.ValueOf(limit)
	switch {
	case value.CanInt():
		return value.Int(), nil
	case value.CanUint() && value.Uint() < 1<<63:
		return int64(value.Uint()), nil
	case value.Kind() == reflect.String:
		if number, err := strconv.ParseInt(value.String(), 10, 64); err == nil {
			return number, nil
		}
	}
	return 0, fmt.Errorf("loop: an argument is not a whole number")
}

// explodeMap makes nested maps of keys such as "a/b".
func explodeMap(flat map[string]any) (map[string]any, error) {
	nested := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(flat)) {
		if err := explodeKey(nested, strings.Split(key, "/"), flat[key]); err != nil {
			return nil, fmt.Errorf("explodeMap: not a map: %q: %w", key, err)
		}
	}
	return nested, nil
}

func explodeKey(into map[string]any, path []string, value any) error {
	for _, part := range path[:len(path)-1] {
		if _, ok := into[part]; !ok {
			into[part] = map[string]any{}
		}
		next, ok := into[part].(map[string]any)
		if !ok {
			return fmt.Errorf("%q already has a value", part)
		}
		into = next
	}
	into[path[len(path)-1]] = value
	return nil
}

// merged is both maps, also below; where they disagree the second wins.
func merged(first, second map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, first)
	for key, value := range second {
		below, ok := value.(map[string]any)
		other, otherOK := all[key].(map[string]any)
		if ok && otherOK {
			value = merged(other, below)
		}
		all[key] = value
	}
	return all
}

// scratchpad keeps values for the time of one rendering, as copies.
type scratchpad struct {
	values map[string]any
	budget budget
}

// Key says whether there is a value, be it nil.
func (s *scratchpad) Key(key string) bool {
	_, ok := s.values[key]
	return ok
}

// Get is nil where there is no value.
func (s *scratchpad) Get(key string) any { return s.values[key] }

// Set overwrites, and prints nothing.
func (s *scratchpad) Set(key string, value any) (string, error) {
	kept, err := s.budget.copied(value, 0)
	if err != nil {
		return "", err
	}
	s.values[key] = kept
	return "", s.budget.spend(len(key))
}

// SetX does not overwrite.
func (s *scratchpad) SetX(key string, value any) (string, error) {
	if s.Key(key) {
		return "", nil
	}
	return s.Set(key, value)
}

// MapSet sets a value in a map that is made where there is none.
func (s *scratchpad) MapSet(key, name string, value any) (string, error) {
	of, err := s.mapAt(key)
	if err != nil {
		return "", err
	}
	kept, err := s.budget.copied(value, 1)
	if err != nil {
		return "", err
	}
	of[name] = kept
	return "", s.budget.spend(len(name))
}

// MapSetX is MapSet that does not overwrite.
func (s *scratchpad) MapSetX(key, name string, value any) (string, error) {
	of, err := s.mapAt(key)
	if err != nil {
		return "", err
	}
	if _, ok := of[name]; ok {
		return "", nil
	}
	return s.MapSet(key, name, value)
}

// MapValues are the values of a map in the order of their names.
func (s *scratchpad) MapValues(key string) ([]any, error) {
	values := []any{}
	if !s.Key(key) {
		return values, nil
	}
	of, err := s.mapAt(key)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(of)) {
		values = append(values, of[name])
	}
	return values, nil
}

func (s *scratchpad) mapAt(key string) (map[string]any, error) {
	if !s.Key(key) {
		s.values[key] = map[string]any{}
	}
	of, ok := s.values[key].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%q is not a map", key)
	}
	return of, nil
}
