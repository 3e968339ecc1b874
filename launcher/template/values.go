// Lists and maps that a template builds are trees of bounded size: one that holds itself, or shares a part many times,
// would be printed without end.
package template

import (
	"reflect"
)

const (
	maxValueDepth = 100
	// maxScratchBytes bounds all that one rendering puts on the scratchpad.
	maxScratchBytes = 8 * MaxBytes
)

// budget is how many bytes a value may still take; every element counts as one more.
type budget struct{ left int }

func (b *budget) spend(bytes int) error {
	b.left -= bytes + 1
	if b.left < 0 {
		return bound("it builds a list or a map that is too large; build less, or print it piece by piece")
	}
	return nil
}

// copied is a value that shares nothing that can be changed.
func (b *budget) copied(value any, depth int) (any, error) {
	if depth > maxValueDepth {
		return nil, bound("it builds lists or maps more than %d deep; build them flatter", maxValueDepth)
	}
	switch value := value.(type) {
	case string:
		return value, b.spend(len(value))
	case []any:
		made := make([]any, len(value))
		for index, element := range value {
			kept, err := b.copied(element, depth+1)
			if err != nil {
				return nil, err
			}
			made[index] = kept
		}
		return made, b.spend(0)
	case map[string]any:
		made := make(map[string]any, len(value))
		for key, element := range value {
			kept, err := b.copied(element, depth+1)
			if err != nil {
				return nil, err
			}
			if err := b.spend(len(key)); err != nil {
				return nil, err
			}
			made[key] = kept
		}
		return made, b.spend(0)
	}
	return value, b.spend(flatSize(value))
}

// flatSize is for the lists and maps that functions return and no function changes.
func flatSize(value any) int {
	switch value := value.(type) {
	case []string:
		size := 0
		for _, element := range value {
			size += len(element) + 1
		}
		return size
	case map[string]string:
		size := 0
		for key, element := range value {
			size += len(key) + len(element) + 1
		}
		return size
	}
	if of := reflect.ValueOf(value); of.Kind() == reflect.Slice {
		return of.Len() * 8
	}
	return 0
}

// checkValues stops values that are too long to be printed together.
func checkValues(values []any, repeats int) error {
	measure := budget{left: MaxBytes}
	for _, value := range values {
		if _, err := measure.copied(value, 0); err != nil {
			return err
		}
	}
	return checkSize((MaxBytes - measure.left) * repeats)
}
