package interpolation

import (
	"strings"
	"testing"
)

func testValues() Values {
	return Values{
		Env: map[string]string{
			"NOMAD_TASK_NAME": "web", "NOMAD_TASK_DIR": "/local", "NOMAD_META_owner": "Ada", "with-dash": "dashed", "dotted.name": "dots", "bad..name": "flat",
			"EMPTY": "", "MARKED": "${NOMAD_TASK_NAME}", "node.class": "of the environment", "A": "a", "AB": "ab",
		},
		Node: &NodeRecord{
			ID: "4f1c9d1e", Name: "worker-1", Datacenter: "dc1", Region: "global", Class: "big", Pool: "default",
			Attributes: map[string]string{"cpu.arch": "amd64", "unique.network.ip-address": "10.0.0.7", "driver.docker": "1", "driver.docker.version": "27"},
			Meta:       map[string]string{"rack": "r1"},
		},
	}
}

func TestReplacePutsValuesInThePlaceOfNames(t *testing.T) {
	cases := []struct{ text, want string }{
		{"", ""},
		{"plain", "plain"},
		{"${NOMAD_TASK_NAME}", "web"},
		{"a${NOMAD_TASK_NAME}b${A}c", "awebbac"},
		{"[${EMPTY}]", "[]"},
		{"${with-dash} ${dotted.name} ${bad..name}", "dashed dots flat"},
		{"${node.unique.id} ${node.unique.name}", "4f1c9d1e worker-1"},
		{"${node.datacenter} ${nomad.datacenter} ${node.region} ${node.pool}", "dc1 dc1 global default"},
		{"${node.class}", "big"},
		{"${attr.cpu.arch} ${attr.unique.network.ip-address} ${meta.rack}", "amd64 10.0.0.7 r1"},
		// What is observed on an agent: no escape in env, and what has no value stays.
		{"$${NOMAD_TASK_NAME}", "$web"},
		{"$$${NOMAD_TASK_NAME}", "$$web"},
		{"${NOMAD_META_with_dash}", "${NOMAD_META_with_dash}"},
		{"${NOMAD_PORT_admin_api}", "${NOMAD_PORT_admin_api}"},
		{"${unknown} ${attr.unknown} ${meta.unknown} ${node.unknown}", "${unknown} ${attr.unknown} ${meta.unknown} ${node.unknown}"},
		{"${node.attr.cpu.arch}", "${node.attr.cpu.arch}"},
		{`${env["NOMAD_TASK_NAME"]}`, `${env["NOMAD_TASK_NAME"]}`},
		{"$NOMAD_TASK_NAME", "$NOMAD_TASK_NAME"},
		{"${}", "${}"},
		{"${ NOMAD_TASK_NAME }", "${ NOMAD_TASK_NAME }"},
		{"${NOMAD_TASK_NAME", "${NOMAD_TASK_NAME"},
		{"${${A}}", "${a}"},
		{"$", "$"},
		{"${", "${"},
		{"${upper(A)}", "${upper(A)}"},
		{"${Ä}", "${Ä}"},
		{"${MARKED}", "${NOMAD_TASK_NAME}"},
	}
	for _, c := range cases {
		if got := Replace(c.text, testValues()); got != c.want {
			t.Errorf("Replace(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestReplaceBareTakesNamesWithoutBraces(t *testing.T) {
	cases := []struct{ text, want string }{
		{"$NOMAD_TASK_DIR/run", "/local/run"},
		{"${NOMAD_TASK_DIR}/run", "/local/run"},
		{"$A$AB$ABC", "aab$ABC"},
		{"$A-$A.x", "a-a.x"},
		{"$unknown ${unknown} $ $$A $1", "$unknown ${unknown} $ $a $1"},
		{"${A", "${A"},
		{"${upper(A)}", "${upper(A)}"},
		{"${attr.cpu.arch}", "amd64"},
	}
	for _, c := range cases {
		if got := ReplaceBare(c.text, testValues()); got != c.want {
			t.Errorf("ReplaceBare(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestReplaceKnowsNothingOfANodeThatIsNotThere(t *testing.T) {
	for _, text := range []string{"${node.class}", "${attr.cpu.arch}", "${meta.rack}", "${nomad.datacenter}"} {
		if got := Replace(text, Values{Env: map[string]string{"A": "a"}}); got != text {
			t.Errorf("Replace(%q) = %q", text, got)
		}
	}
}

func TestReplaceDoesNotGrowWithoutBound(t *testing.T) {
	values := Values{Env: map[string]string{"A": strings.Repeat("x", 60_000)}}
	text := strings.Repeat("${A}", 15_000)
	if got := Replace(text, values); len(got) > MaxResultBytes {
		t.Errorf("%d bytes", len(got))
	}
}

func TestNamesAreThoseThatReplaceLooksUp(t *testing.T) {
	got := strings.Join(Names("a${A}$B${c.d}${ x }$${E}${"), " ")
	if got != "A c.d E" {
		t.Errorf("names %q", got)
	}
}

func FuzzReplace(f *testing.F) {
	for _, text := range []string{"${A}", "$${A}", "${A", "$A", "${node.class}${attr.x}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values := testValues()
		if got := Replace(text, Values{}); got != text {
			t.Errorf("without values, %q became %q", text, got)
		}
		if len(Names(text)) == 0 && Replace(text, values) != text {
			t.Errorf("%q has no names, and was changed", text)
		}
		if len(ReplaceBare(text, values)) > MaxResultBytes+len(text) {
			t.Errorf("%q grew too long", text)
		}
	})
}
