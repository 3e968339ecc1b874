package interpolation

import (
	"strings"
	"testing"
	"time"
)

func testScope(t testing.TB) Scope {
	t.Helper()
	scope, err := NewScope(testValues())
	if err != nil {
		t.Fatal(err)
	}
	return scope
}

func TestEvaluateIsNomadsLanguageForADriversConfig(t *testing.T) {
	scope := testScope(t)
	cases := []struct{ name, text, want string }{
		{"plain text", "a $NOMAD_TASK_NAME % $ b", "a $NOMAD_TASK_NAME % $ b"},
		{"a name of the environment", "${NOMAD_TASK_NAME}", "web"},
		{"a name in a text", "-x=${NOMAD_TASK_DIR}/${NOMAD_TASK_NAME}", "-x=/local/web"},
		{"a name with a dash", "${with-dash}", "dashed"},
		{"a dotted name nests", "${dotted.name}", "dots"},
		{"env by key", `${env["NOMAD_META_owner"]}`, "Ada"},
		{"a name that cannot nest", `${env["bad..name"]}`, "flat"},
		{"a value is not looked at again", "${MARKED}", "${NOMAD_TASK_NAME}"},
		{"the node", "${node.unique.name} ${node.class} ${node.pool}", "worker-1 big default"},
		{"the old name of the datacenter", "${nomad.datacenter}", "dc1"},
		{"attributes nest", "${attr.cpu.arch} ${node.attr.cpu.arch}", "amd64 amd64"},
		{"an attribute with a dash", "${attr.unique.network.ip-address}", "10.0.0.7"},
		{"the longer of two names wins", "${attr.driver.docker.version}", "27"},
		{"meta of the node", "${meta.rack} ${node.meta.rack}", "r1 r1"},
		{"an escape", "$${NOMAD_TASK_NAME} %%{ if }", "${NOMAD_TASK_NAME} %{ if }"},
		{"an escape behind a dollar", "$$${X}", "$${X}"},
		{"arithmetic", "${1 + 2 * 3 - 4 / 8} ${7 % 4} ${-(2 - 5)}", "6.5 3 3"},
		{"a number as HCL prints it", "${1e3} ${0.1 + 0.2} ${2.50}", "1000 0.3 2.5"},
		{"a condition", `${NOMAD_TASK_NAME == "web" && 1 < 2 ? "yes" : "no"}`, "yes"},
		{"a branch that is not chosen may be wrong", `${true ? "a" : unknown}`, "a"},
		{"a directive if", `%{ if NOMAD_TASK_NAME == "db" }db%{ else }other%{ endif }`, "other"},
		{"a directive for", `%{ for i, x in ["a", "b"] }${i}${x};%{ endfor }`, "0a;1b;"},
		{"trimmed", "a ${~ 1 ~} b", "a1b"},
		{"indexes", `${[1, [2, 3]][1][0]}${{a = {b = 4}}["a"].b}${["x"].0}`, "24x"},
		{"splats", "${jsonencode([{a = 1}, {a = 2}][*].a)}${jsonencode([{a = 3}].*.a)}", "[1,2][3]"},
		{"for", `${jsonencode({for k, v in {a = 1, b = 2} : upper(k) => v * 2 if v > 1})}`, `{"B":4}`},
		{"abs, int, max, min", `${abs(-2)} ${int(-1.9)} ${max(1, 3, 2)} ${min([4, 3]...)}`, "2 -1 3 3"},
		{"coalesce, concat, hasindex, length", `${coalesce(null, "b")} ${length(concat([1], [2, 3]))} ${hasindex([1], 1)}`, "b 3 false"},
		{"jsondecode, jsonencode", `${jsonencode(jsondecode("{\"a\":[1,null,true]}"))}`, `{"a":[1,null,true]}`},
		{"lower, upper, reverse, strlen, substr", `${lower("AbÄ")} ${upper("abß")} ${reverse("abc")} ${strlen("Grüße")} ${substr("hello", 1, -1)}`, "abä ABß cba 5 ello"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Evaluate(c.text, scope)
			if err != nil || got != c.want {
				t.Errorf("%q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestEvaluateSaysWhatIsWrongInHCLsWords(t *testing.T) {
	scope := testScope(t)
	cases := []struct{ text, want string }{
		{"${X}", `Unknown variable; There is no variable named "X".`},
		{"%{ if X }%{ endif }", `Unknown variable; There is no variable named "X".`},
		{"${attr.nope}", `Unsupported attribute; This object does not have an attribute named "nope".`},
		{"${env.nope}", `Missing map element; This map does not have an element with the key "nope".`},
		{`${env["nope"]}`, "Invalid index; The given key does not identify an element in this collection value."},
		{"${nope(1)}", `Call to unknown function; There is no function named "nope".`},
		{"x${null}", "Invalid template interpolation value; The expression result is null. Cannot include a null value in a string template."},
		{"x${[1]}", "Invalid template interpolation value; Cannot include the given value in a string template: string required, but have tuple."},
		{`${"a" + 1}`, "Invalid operand; Unsuitable value for left operand: a number is required."},
		{"${null ? 1 : 2}", "Null condition; The condition value is null. Conditions must either be true or false."},
		{"${true ? 1 : [1]}", "Inconsistent conditional result types; The true and false result expressions must have consistent types."},
		{"${", "Invalid expression; Expected the start of an expression, but found an invalid expression token. The text ends too early."},
		{"${a b}", `Extra characters after interpolation expression; Expected a closing brace to end the interpolation expression, but found extra characters. There is "b" instead.`},
		{"${'a'}", `Invalid character; This character is not used within the language: "'".`},
		{"${null}", `Incorrect attribute value type; The text "${null}" is null, but a string is required.`},
		{`${"\u0000"}`, "Invalid text; The text holds a NUL byte, which no program can be given."},
	}
	for _, c := range cases {
		if got, err := Evaluate(c.text, scope); err == nil || err.Error() != c.want {
			t.Errorf("Evaluate(%q) = %q, %v, want %q", c.text, got, err, c.want)
		}
	}
}

// As observed on an agent, where the job file has been read before.
func TestATextOfAJobFileIsReadTwice(t *testing.T) {
	scope := testScope(t)
	cases := []struct{ text, want, err string }{
		{"$${X}", "", `Unknown variable; There is no variable named "X".`},
		{"$$${X}", "${X}", ""},
		{"$${A}", "a", ""},
		{"%%{ if true }x%%{ endif }", "x", ""},
		{`${"$${X}"}`, "${X}", ""},
		{"${A} $$${A}", "a ${A}", ""},
		{"${", "", "Invalid expression; Expected the start of an expression, but found an invalid expression token. The text ends too early."},
	}
	for _, c := range cases {
		got, err := Evaluate(Unescape(c.text), scope)
		if got != c.want || err != nil && err.Error() != c.err || err == nil && c.err != "" {
			t.Errorf("%q gives %q, %v, want %q, %q", c.text, got, err, c.want, c.err)
		}
	}
}

func TestHostileTextsEndSoon(t *testing.T) {
	nested := "[0]"
	for range 40 {
		nested = "[for x in [" + nested + "] : [x, x]][0]"
	}
	doubled := "[1]"
	for i := range 40 {
		doubled = "[for x" + strings.Repeat("y", i) + " in [" + doubled + "] : concat(x" + strings.Repeat("y", i) + ", x" + strings.Repeat("y", i) + ")][0]"
	}
	hundred := "[" + strings.Repeat("0,", 100) + "]"
	loops := strings.Repeat("%{ for x in "+hundred+" }", 6) + "x" + strings.Repeat("%{ endfor }", 6)
	cases := map[string]string{
		"deep parentheses":      "${" + strings.Repeat("(", 50_000) + "1" + strings.Repeat(")", 50_000) + "}",
		"deep lists":            "${" + strings.Repeat("[", 50_000),
		"deep objects":          "${" + strings.Repeat("{a=", 50_000),
		"deep quotes":           strings.Repeat(`${"`, 50_000),
		"deep conditions":       "${" + strings.Repeat("true ? ", 50_000),
		"deep negations":        "${" + strings.Repeat("!", 100_000) + "true}",
		"deep calls":            "${" + strings.Repeat("abs(", 50_000),
		"deep indexes":          "${A" + strings.Repeat("[A", 50_000),
		"deep splats":           "${A" + strings.Repeat("[*]", 50_000) + "}",
		"deep directives":       strings.Repeat("%{ if true }", 50_000),
		"deep comments":         "${" + strings.Repeat("/*", 100_000),
		"deep JSON":             `${jsondecode("` + strings.Repeat("[", 100_000) + `")}`,
		"a doubled value":       "${jsonencode(" + nested + ")}",
		"a doubled list":        "${length(" + doubled + ")}",
		"loops in loops":        loops,
		"a huge number":         "${1e99999999}",
		"a growing number":      "${" + strings.Repeat("1e60000*", 30) + "1}",
		"a long number":         "${" + strings.Repeat("9", 100_000) + "}",
		"an endless fraction":   "${1/3}" + strings.Repeat("${1e-60000}", 1000),
		"a number with a point": "${1e" + strings.Repeat("9", 10_000) + "}",
	}
	scope := testScope(t)
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			got, err := Evaluate(text, scope)
			if err == nil {
				t.Errorf("%d bytes, want an error", len(got))
			}
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestLongTextsThatAreNotDeepAreFine(t *testing.T) {
	scope := testScope(t)
	cases := map[string]string{
		"a sum":        "${" + strings.Repeat("1+", 20_000) + "1}",
		"a logic":      "${" + strings.Repeat("true&&", 20_000) + "true}",
		"a long text":  strings.Repeat("${A}", 20_000),
		"a long tuple": "${length([" + strings.Repeat("1,", 20_000) + "])}",
		"many escapes": strings.Repeat("$${A}", 20_000),
	}
	for name, text := range cases {
		if _, err := Evaluate(text, scope); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestScopeHasWhatItIsGivenAndNoMore(t *testing.T) {
	scope, err := NewScope(Values{Env: map[string]string{".a": "1", "b.": "2", "a...b": "3", "c.d": "4", "c": "5", "": "6"}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{`${env[".a"]}${env["b."]}${env["a...b"]}${env["c"]}`: "1235", "${c.d}": "4", `${jsonencode(c)}`: `{"d":"4"}`} {
		if got, err := Evaluate(text, scope); err != nil || got != want {
			t.Errorf("%s = %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"${a}", "${b}", "${node.class}", "${attr.x}", "${meta.x}", "${nomad.datacenter}"} {
		if got, err := Evaluate(text, scope); err == nil {
			t.Errorf("%s = %q, want an error", text, got)
		}
	}
}

func TestParseNodeRecordIsStrict(t *testing.T) {
	good := `{"id":"i","name":"n","datacenter":"d","region":"r","class":"","pool":"p","attributes":{"a.b":"c"},"meta":{}}`
	record, err := ParseNodeRecord([]byte(good))
	if err != nil || record.ID != "i" || record.Attributes["a.b"] != "c" || record.Pool != "p" {
		t.Errorf("%+v, %v", record, err)
	}
	for name, text := range map[string]string{
		"empty": "", "cut off": good[:40], "two": good + good, "unknown field": `{"id":"i","name":"n","x":1}`, "no id": `{"name":"n"}`, "no name": `{"id":"i"}`,
		"a number": `{"id":1,"name":"n"}`, "too long": strings.Repeat(" ", MaxNodeRecordBytes) + good,
	} {
		if _, err := ParseNodeRecord([]byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzEvaluate(f *testing.F) {
	for _, text := range []string{
		"${A}", "$${A}", "$$${A}", `${env["A"]}`, "%{ if true ~} a %{ else }b%{ endif }", "%{ for k, v in attr.cpu }${k}${v}%{ endfor }",
		"${[for x in [1, 2] : x * 2 if x > 1][0]}", "${{a = 1, (A) : [null]}.a}", "${1e3 / 7 % 2}", `${substr("héllo", -3, 2)}`,
		`${jsonencode(jsondecode("{\"a\":[1]}"))}`, "${true ? [1] : [\"a\", 2]}", "${attr.*.cpu[0]}", "${attr[*].cpu}", "${max([1, 2]...)}", "${\"a${\"b\"}\"}",
		"${1 /* c */ # d\n}", "${coalesce(null, 1, \"a\")}", "${1/0}", "${~A~}",
	} {
		f.Add(text)
	}
	scope := testScope(f)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Evaluate(text, scope)
		if err != nil && got != "" {
			t.Errorf("%q gives %q and an error", text, got)
		}
		if len(got) > MaxResultBytes || strings.IndexByte(got, 0) >= 0 {
			t.Errorf("%q gives a result of %d bytes that cannot be", text, len(got))
		}
		again, errAgain := Evaluate(text, scope)
		if again != got || (err == nil) != (errAgain == nil) {
			t.Errorf("%q gives %q, and then %q", text, got, again)
		}
		// A text in which everything is escaped is that text.
		escaped := strings.NewReplacer("${", "$${", "%{", "%%{").Replace(text)
		if strings.IndexByte(text, 0) < 0 && len(text) < MaxResultBytes {
			if plain := Unescape(escaped); plain != text {
				t.Errorf("%q escaped and back is %q", text, plain)
			}
		}
	})
}
