// Characters as people see them: a letter and its marks, a flag, a family. The rules of Unicode's annex 29, without its tables.
package interpolation

import (
	"slices"
	"strings"
	"unicode"
)

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// characters joins a letter with what extends it. It differs from the full rules for Hangul written as single jamo, and for a
// few scripts that put a mark before the letter.
func characters(text string) []string {
	var result []string
	start, flags := 0, 0
	var before rune
	for position, c := range text {
		isFlag := c >= 0x1F1E6 && c <= 0x1F1FF
		joined := position > 0 && before != '\n' && (before == '\r' && c == '\n' ||
			before != '\r' && (extends(c) || before == zeroWidthJoiner && isPicture(c) || isFlag && flags%2 == 1))
		if position > 0 && !joined {
			result = append(result, text[start:position])
			start = position
		}
		flags++
		if !isFlag {
			flags = 0
		}
		before = c
	}
	if start < len(text) {
		result = append(result, text[start:])
	}
	return result
}

func extends(c rune) bool {
	return unicode.Is(unicode.M, c) || c == zeroWidthJoiner || c == zeroWidthNonJoiner || c >= 0x1F3FB && c <= 0x1F3FF
}

func isPicture(c rune) bool {
	return c >= 0x1F300 && c <= 0x1FAFF || c >= 0x2600 && c <= 0x27BF || c >= 0x2190 && c <= 0x21FF || c >= 0x2B00 && c <= 0x2BFF
}

func reverse(text string) string {
	all := characters(text)
	slices.Reverse(all)
	return strings.Join(all, "")
}
