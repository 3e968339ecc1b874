package oracle

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

const generatedTexts = 20_000

// TestGeneratedTextsAsHCL writes texts from a grammar that is a little wrong now and then, from fixed seeds.
func TestGeneratedTextsAsHCL(t *testing.T) {
	differences, good, typeDifferences := 0, 0, 0
	for seed := range uint64(generatedTexts) {
		text := (&writer{random: rand.New(rand.NewPCG(seed, 7))}).template(4)
		if _, err := theirs(text); err == nil {
			good++
		}
		difference := compare(text)
		if difference != "" && isTypeDifference(text) {
			typeDifferences++
			continue
		}
		if difference != "" {
			t.Errorf("seed %d: %s", seed, difference)
			if differences++; differences == 20 {
				t.FailNow()
			}
		}
	}
	if typeDifferences > generatedTexts/100 {
		t.Errorf("%d of %d generated texts differ by the types of a condition's branches", typeDifferences, generatedTexts)
	}
	if good < generatedTexts/5 {
		t.Errorf("only %d of %d generated texts can be evaluated: the grammar tests too little", good, generatedTexts)
	}
}

// TestPiecesInAnyOrderAsHCL throws together pieces that mean something to a scanner.
func TestPiecesInAnyOrderAsHCL(t *testing.T) {
	pieces := []string{"$", "%", "{", "}", "${", "%{", "$${", "%%{", "~", "~}", " ", "\n", "a", "NOMAD_TASK_NAME", `"`, `\`, "1", ".", "[", "]", "(", ")", "if true", "endif", "else", "for x in [1]", "endfor", ",", "?", ":", "=", "*", "-", "#", "//", "é"}
	differences := 0
	for seed := range uint64(generatedTexts) {
		random := rand.New(rand.NewPCG(seed, 11))
		var text strings.Builder
		for range 1 + random.IntN(9) {
			text.WriteString(pieces[random.IntN(len(pieces))])
		}
		if difference := compare(text.String()); difference != "" {
			t.Errorf("seed %d: %s", seed, difference)
			if differences++; differences == 20 {
				t.FailNow()
			}
		}
	}
}

type writer struct{ random *rand.Rand }

func (w *writer) of(choices ...string) string { return choices[w.random.IntN(len(choices))] }

func (w *writer) template(depth int) string {
	var text strings.Builder
	for range 1 + w.random.IntN(3) {
		switch w.random.IntN(8) {
		case 0, 1:
			text.WriteString(w.of("a", " ", "\n", "$", "%", "$${", "%%{x", "é", "$$", " b\n "))
		case 2:
			fmt.Fprintf(&text, "%%{%sif %s%s}%s%%{ else }%s%%{ endif %s}", w.of("", "~"), w.condition(depth-1), w.of("", "~"), w.of("x", " x\n", "${1}"), w.of("y", ""), w.of("", "~"))
		case 3:
			fmt.Fprintf(&text, "%%{ for x in %s }${x}%s%%{ endfor }", w.sequence(depth-1), w.of("", ",", " "))
		default:
			fmt.Fprintf(&text, "${%s%s%s}", w.of("", " ", "~"), w.any(depth-1), w.of("", " ", "~"))
		}
	}
	return text.String()
}

func (w *writer) any(depth int) string {
	if depth <= 0 {
		return w.of("1", "2.5", `"a"`, "true", "null", "NOMAD_TASK_NAME", "NOMAD_ALLOC_INDEX", "nope", "[]", "{}", "attr.cpu", "env.EMPTY")
	}
	switch w.random.IntN(9) {
	case 0, 1:
		return w.text(depth)
	case 2, 3:
		return w.number(depth)
	case 4:
		return w.condition(depth)
	case 5:
		return fmt.Sprintf("jsonencode(%s)", w.of(w.sequence(depth-1), w.mapping(depth-1), w.any(depth-1)))
	case 6:
		return fmt.Sprintf("%s ? %s : %s", w.condition(depth-1), w.any(depth-1), w.any(depth-1))
	case 7:
		return fmt.Sprintf("%s%s", w.sequence(depth-1), w.of("[0]", ".0", "[1]", "[*]", ".*", `["0"]`, "[-1]", "[NOMAD_ALLOC_INDEX - 3]"))
	}
	return fmt.Sprintf("%s%s", w.mapping(depth-1), w.of(".a", `["a"]`, ".b", `["b"]`, ".*.a", "[*].a"))
}

func (w *writer) text(depth int) string {
	if depth <= 0 {
		return w.of(`"a"`, `"Grüße"`, "NOMAD_TASK_NAME", "env.LIST", `env["EMPTY"]`, "attr.cpu.arch", "WORDS", `""`, `"1"`, "meta.rack", `"\n\t\\"`)
	}
	switch w.random.IntN(7) {
	case 0:
		return fmt.Sprintf("%s(%s)", w.of("upper", "lower", "reverse"), w.text(depth-1))
	case 1:
		return fmt.Sprintf("substr(%s, %s, %s)", w.text(depth-1), w.of("0", "1", "-2", "9"), w.of("0", "1", "-1", "5"))
	case 2:
		return fmt.Sprintf("coalesce(null, %s, %s)", w.any(depth-1), w.text(depth-1))
	case 3:
		return fmt.Sprintf(`"<${%s}>%s"`, w.any(depth-1), w.of("", "$${x}", "%%{", `\"`, " ${~ 1}"))
	}
	return w.text(depth - 1)
}

func (w *writer) number(depth int) string {
	if depth <= 0 {
		return w.of("0", "1", "2", "-3", "0.5", "1e2", "10", "NOMAD_ALLOC_INDEX", "NUMBER", `"7"`, "0.1")
	}
	switch w.random.IntN(6) {
	case 0:
		return fmt.Sprintf("%s(%s)", w.of("abs", "int", "strlen", "length"), w.of(w.number(depth-1), w.text(depth-1), w.sequence(depth-1)))
	case 1:
		return fmt.Sprintf("%s(%s, %s)", w.of("max", "min"), w.number(depth-1), w.number(depth-1))
	case 2:
		return fmt.Sprintf("(%s)", w.number(depth-1))
	}
	return fmt.Sprintf("%s %s %s", w.number(depth-1), w.of("+", "-", "*", "/", "%"), w.number(depth-1))
}

func (w *writer) condition(depth int) string {
	if depth <= 0 {
		return w.of("true", "false", "TRUE", `"false"`, `NOMAD_TASK_NAME == "web"`)
	}
	switch w.random.IntN(6) {
	case 0:
		return fmt.Sprintf("%s %s %s", w.number(depth-1), w.of("<", ">", "<=", ">=", "==", "!="), w.number(depth-1))
	case 1:
		return fmt.Sprintf("(%s) %s (%s)", w.condition(depth-1), w.of("&&", "||", "=="), w.condition(depth-1))
	case 2:
		return "!" + w.condition(0)
	case 3:
		return fmt.Sprintf("(%s) == (%s)", w.any(depth-1), w.any(depth-1))
	case 4:
		return fmt.Sprintf("hasindex(%s, %s)", w.sequence(depth-1), w.number(depth-1))
	}
	return w.condition(depth - 1)
}

func (w *writer) sequence(depth int) string {
	if depth <= 0 {
		return w.of("[1, 2]", `["a", "b"]`, "[]", `[1, "a"]`, "[null]", "[{a = 1}, {a = 2}]", "[true]", "[[1], [2, 3]]")
	}
	switch w.random.IntN(6) {
	case 0:
		return fmt.Sprintf("[%s, %s]", w.any(depth-1), w.any(depth-1))
	case 1:
		return fmt.Sprintf("concat(%s, %s)", w.sequence(depth-1), w.sequence(depth-1))
	case 2:
		return fmt.Sprintf("[for i, x in %s : %s%s]", w.of(w.sequence(depth-1), w.mapping(depth-1)), w.of("x", "i", `"${i}"`, "[x]", w.any(depth-1)), w.of("", " if true", ` if "false"`, ` if jsonencode(x) != "1"`))
	case 3:
		return fmt.Sprintf("%s[*]%s", w.any(depth-1), w.of("", ".a", "[0]"))
	case 4:
		return fmt.Sprintf("(%s ? %s : %s)", w.condition(depth-1), w.sequence(depth-1), w.sequence(depth-1))
	}
	return w.sequence(depth - 1)
}

func (w *writer) mapping(depth int) string {
	if depth <= 0 {
		return w.of("{a = 1, b = 2}", "{}", `{"a": "x"}`, "attr.cpu", "env", "{a = null}", "{NOMAD_TASK_NAME = 1}", "{(NOMAD_TASK_NAME) = 1}")
	}
	switch w.random.IntN(5) {
	case 0:
		return fmt.Sprintf("{a = %s, b = %s}", w.any(depth-1), w.any(depth-1))
	case 1:
		return fmt.Sprintf("{for k, v in %s : %s => %s%s}", w.of(w.mapping(depth-1), w.sequence(depth-1)), w.of("k", "v", `"${k}x"`), w.of("v", "k", w.any(depth-1)), w.of("", "..."))
	case 2:
		return fmt.Sprintf("(%s ? %s : %s)", w.condition(depth-1), w.mapping(depth-1), w.mapping(depth-1))
	}
	return w.mapping(depth - 1)
}
