package template

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"
)

// hurried is a world that stops a template after so many steps.
func hurried(steps int) World {
	world := testWorld()
	world.Step = func() error {
		steps--
		if steps < 0 {
			return bound("it took too many steps")
		}
		return nil
	}
	world.ReadFile = func(string) (string, error) { return strings.Repeat("x", MaxBytes), nil }
	return world
}

func TestNoTemplateRunsOrGrowsWithoutEnd(t *testing.T) {
	const million = `{{ $m := file "x" }}`
	for _, test := range []struct{ template, want string }{
		{`{{ range 9223372036854775807 }}{{ end }}`, "too many steps"},
		{`{{ range loop 100000 }}{{ range loop 100000 }}{{ end }}{{ end }}`, "too many steps"},
		{`{{ $l := loop 100000 }}{{ range $l }}{{ if true }}{{ with 1 }}{{ range $l }}{{ continue }}{{ end }}{{ end }}{{ end }}{{ end }}`, "too many steps"},
		{`{{ range loop 0 }}{{ else }}{{ range 9223372036854775807 }}{{ end }}{{ end }}`, "too many steps"},
		{`{{ if false }}{{ else }}{{ range 9223372036854775807 }}{{ end }}{{ end }}`, "too many steps"},
		{`{{ with false }}{{ else }}{{ range 9223372036854775807 }}{{ end }}{{ end }}`, "too many steps"},
		{`{{ define "a" }}{{ range 9223372036854775807 }}{{ end }}{{ end }}{{ template "a" }}`, "too many steps"},
		{`{{ block "a" . }}{{ range 9223372036854775807 }}{{ end }}{{ end }}`, "too many steps"},
		{`{{ range loop 100001 }}{{ end }}`, "loop has more than 100000 turns"},
		{`{{ range loop -9223372036854775808 9223372036854775807 }}{{ end }}`, "loop has more than 100000 turns"},
		{`{{ sprig_until 9999999 }}`, "loop has more than 100000 turns"},
		{`{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}`, "more than 1000 deep"},
		{`{{ define "a" }}{{ executeTemplate "a" }}{{ end }}{{ template "a" }}`, "more than 1000 deep"},
		{`{{ define "a" }}{{ if true }}{{ template "b" }}{{ end }}{{ end }}{{ define "b" }}{{ executeTemplate "a" }}{{ end }}{{ template "a" }}`, "more than 1000 deep"},
		{`{{ define "a0" }}{{ end }}` + doubling(40) + `{{ template "a40" }}`, "too many steps"},
		{`{{ range loop 1000 }}` + strings.Repeat("x", 2000) + `{{ end }}`, "more than 1024 KiB"},
		{million + `{{ $m }}{{ $m }}`, "more than 1024 KiB"},
		{million + `{{ $m = print $m $m }}`, "too large"},
		{million + `{{ $m = println $m $m }}`, "too large"},
		{million + `{{ $m = printf "%s%s" $m $m }}`, "too large"},
		{million + `{{ $m = printf "` + strings.Repeat("%[1]s", 10_000) + `" $m }}`, "too large"},
		{million + `{{ $m = replaceAll "" $m $m }}`, "more than 1024 KiB"},
		{million + `{{ $m = sprig_replace "x" $m $m }}`, "more than 1024 KiB"},
		{million + `{{ $m = regexReplaceAll "x" $m $m }}`, "more than 1024 KiB"},
		{million + `{{ $m = regexReplaceAll "x+" "` + strings.Repeat("$0", 1000) + `" $m }}`, "more than 1024 KiB"},
		{million + `{{ $m = sprig_regexReplaceAll "x" $m $m }}`, "more than 1024 KiB"},
		{million + `{{ $m = indent 9223372036854775807 $m }}`, "more than 1024 KiB"},
		{million + `{{ $m = sprig_indent 1048577 $m }}`, "more than 1024 KiB"},
		{million + `{{ $m = sprig_nindent 1048577 $m }}`, "more than 1024 KiB"},
		{million + `{{ $m = sprig_repeat 9223372036854775807 $m }}`, "more than 1024 KiB"},
		{million + `{{ $m = join $m (split "," "a,b,c") }}`, "more than 1024 KiB"},
		{million + `{{ $m = sprig_join $m (loop 100000) }}`, "more than 1024 KiB"},
		{million + `{{ $m = sprig_quote $m $m }}`, "too large"},
		{million + `{{ $m = toJSON $m }}`, "more than 1024 KiB"},
		{million + `{{ define "t" }}{{ . }}{{ . }}{{ end }}{{ $m = executeTemplate "t" $m }}`, "more than 1024 KiB"},
		{`{{ scratch.MapSet "m" "a" 1 }}{{ range loop 200 }}{{ scratch.MapSet "m" "a" (scratch.Get "m") }}{{ end }}`, "100 deep"},
		{`{{ $l := sprig_list 1 }}{{ range loop 200 }}{{ $l = sprig_list $l }}{{ end }}{{ $l }}`, "100 deep"},
		{`{{ $l := sprig_list 1 }}{{ range loop 60 }}{{ $l = sprig_list $l $l }}{{ end }}{{ $l }}`, "too large"},
		{`{{ $l := sprig_dict "a" 1 }}{{ range loop 60 }}{{ $l = sprig_dict "a" $l "b" $l }}{{ end }}{{ $l }}`, "too large"},
		{`{{ $l := 1 }}{{ range loop 60 }}{{ scratch.MapSet "m" "a" $l }}{{ scratch.MapSet "m" "b" $l }}{{ $l = scratch.Get "m" }}{{ end }}{{ $l | toJSON }}`, "too large"},
		{million + `{{ range $i := loop 100 }}{{ scratch.MapSet "m" (print $i) $m }}{{ end }}{{ scratch.Get "m" }}`, "too large"},
		{million + `{{ sprig_list $m $m }}`, "too large"},
		{`{{ $l := loop 100000 }}{{ print $l $l }}`, "too large"},
		{strings.Repeat("x", MaxSourceBytes+1), "longer than 256 KiB"},
		{strings.Repeat("{{ if 1 }}", 20_000), "unexpected EOF"},
		{"{{ " + strings.Repeat("(", 200_000), ""},
	} {
		name := test.template[:min(len(test.template), 100)]
		began := time.Now()
		rendered, err := Render(dynamic(test.template), hurried(100_000))
		if err == nil || !strings.HasPrefix(err.Error(), "Template failed: (dynamic): ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s renders %d bytes, %.300v; want %q", name, len(rendered), err, test.want)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

// doubling is templates of which each calls the one before it twice.
func doubling(count int) string {
	var text strings.Builder
	for n := range count {
		text.WriteString(strings.NewReplacer("N", strconv.Itoa(n+1), "P", strconv.Itoa(n)).Replace(`{{ define "aN" }}{{ template "aP" }}{{ template "aP" }}{{ end }}`))
	}
	return text.String()
}

func TestWhatIsNotEndlessIsNotStopped(t *testing.T) {
	deep := `{{ define "a" }}{{ if . }}{{ template "a" (subtract 1 .) }}{{ end }}x{{ end }}{{ template "a" 900 }}`
	got, err := Render(dynamic(deep+deep[strings.LastIndex(deep, "{{"):]), testWorld())
	if err != nil || got != strings.Repeat("x", 1802) {
		t.Errorf("900 deep, twice: %d bytes, %v", len(got), err)
	}
	long := strings.Repeat("y", MaxSourceBytes)
	if got, err := Render(dynamic(long), testWorld()); err != nil || got != long {
		t.Errorf("a long text: %d bytes, %v", len(got), err)
	}
}

func TestNoErrorHoldsAValue(t *testing.T) {
	for _, call := range []string{
		`env "PASSWORD" | parseInt`, `env "PASSWORD" | parseUint`, `env "PASSWORD" | parseFloat`, `env "PASSWORD" | parseBool`,
		`env "PASSWORD" | parseJSON`, `env "PASSWORD" | base64Decode`, `env "PASSWORD" | add 1`, `loop (env "PASSWORD")`,
		`regexMatch (print "[" (env "PASSWORD")) "x"`, `regexReplaceAll (print "(" (env "PASSWORD")) "x" "y"`,
		`(env "PASSWORD").field`, `index (env "PASSWORD") "x"`, `len (add 1 (env "PASSWORD"))`, `lt (env "PASSWORD") 1`,
		`env "PASSWORD" | base64URLDecode`, `slice (env "PASSWORD") 100`, `env "PASSWORD" | modulo 2`, `toJSON env`,
	} {
		_, err := Render(dynamic("{{ "+call+" }}"), testWorld())
		if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "unter") {
			t.Errorf("%s gives %v", call, err)
		}
	}
}

func TestFunctionsOfOtherServersSayWhatToDoInstead(t *testing.T) {
	for name, advice := range map[string]string{
		"nomadVar": "no Nomad variables", "nomadService": "no Nomad variables", "key": "no Consul", "service": "no Consul",
		"keyExists": "no Consul", "secret": "no Vault", "pkiCert": "no Vault", "plugin": "never runs programs",
		"writeToFile": "never runs programs", "parseYAML": "use parseJSON", "toTOML": "use parseJSON", "sockaddr": "leave it out",
		"sprig_camelcase": "only the common functions of Sprig",
	} {
		_, err := Render(dynamic("\n{{ "+name+" \"x\" }}"), testWorld())
		want := `Template failed: (dynamic): parse: template: :2: function "` + name + `" not defined: `
		if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), advice) {
			t.Errorf("%s gives %v", name, err)
		}
	}
	_, err := Render(dynamic("{{ noSuch }}"), testWorld())
	if err == nil || err.Error() != `Template failed: (dynamic): parse: template: :1: function "noSuch" not defined` {
		t.Errorf("it is %v", err)
	}
}

func TestDelimitersAndMissingKeys(t *testing.T) {
	source := Source{Name: "x", Text: `[[ env "GREETING" ]] {{ x }} [[ range loop 2 ]]-[[ end ]]`, LeftDelimiter: "[[", RightDelimiter: "]]"}
	if got, err := Render(source, testWorld()); err != nil || got != "hello {{ x }} --" {
		t.Errorf("it is %q, %v", got, err)
	}
	source = dynamic(`{{ (parseJSON "{}").absent }}`)
	source.ErrMissingKey = true
	if _, err := Render(source, testWorld()); err == nil || !strings.Contains(err.Error(), `map has no entry for key "absent"`) {
		t.Errorf("it is %v", err)
	}
}

func TestTheErrorOfAFileCanBeTold(t *testing.T) {
	for _, template := range []string{`{{ file "absent" }}`, `{{ define "a" }}{{ file "absent" }}{{ end }}{{ executeTemplate "a" }}`} {
		if _, err := Render(dynamic(template), testWorld()); !errors.Is(err, errNoSuchFile) {
			t.Errorf("%s gives %v", template, err)
		}
	}
}
