package template

import (
	"maps"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEnvFilesAreReadAsNomadReadsThem(t *testing.T) {
	for file, want := range map[string]string{
		"A=b": "b", "A = b": "b", "  A  =  b c  ": "b c", "export A=b": "b", "A=": "", "A= ": "", "A=#c": "", "A=b=c": "b=c",
		"A=b # c": "b", "A=b#c": "b", "A='b # c'": "b # c", `A="b # c"`: "b # c", "A='it''s'": "its", "A=a'b'c": "abc",
		"A=a 'b' c": "a b c", `A= x 'y' "z" # e`: "x y z", `A="a\nb"`: "a\nb", `A="\u00e9\ud83d\udd25"`: "é🔥", `A="\/"`: "/", `A="\ud83d\u0041"`: "\ufffd",
		`A="\b\f\r\t\\\""`: "\b\f\r\t\\\"", `A='a\nb'`: `a\nb`, `A=a\nb`: `a\nb`, "# c\n\n A=1\r\n": "1", "A=1\nA=2": "2",
		"A=🔥": "🔥", "A=\t x\t": "x", "A=$HOME ${X}": "$HOME ${X}", "A='x'y": "xy", `A="x" y`: "x y", `A="x" # c`: "x",
		`A="x"#c`: "x", "A=''": "", `A=""`: "", "A=\u00a0x\u00a0": "x", "A=x\r": "x", `A=x\`: `x\`, "A=\u2028x": "x", "\fA=1": "1",
		`A="x""y"`: "xy", "A='x' 'y'": "x y", "A='x' y 'z'": "x y z", "A=  'x'  ": "x", "A=x  'y'": "x  y", "A=`x`": "`x`",
		`SOME_KEY_IS_NOT_A = x
A = normal unquoted \text 'plus single quoted\' "\"double quoted " # EOL`: `normal unquoted \text plus single quoted\ "double quoted `,
	} {
		values, err := ParseEnv(file)
		if got, ok := values["A"]; err != nil || !ok || got != want {
			t.Errorf("%q is %q, %v; want %q", file, got, err, want)
		}
	}
	for name, file := range map[string]string{"exportA": "exportA=b", "export": "export=b", "_": "_=b", "A.B": "A.B=b", "A/b9": "A/b9=b"} {
		if values, err := ParseEnv(file); err != nil || !maps.Equal(values, map[string]string{name: "b"}) {
			t.Errorf("%q is %v, %v", file, values, err)
		}
	}
	if values, err := ParseEnv("export =b"); err != nil || values["export"] != "b" {
		t.Errorf("a variable named export is %v, %v", values, err)
	}
	if values, err := ParseEnv(" \n\t\n#x"); err != nil || len(values) != 0 {
		t.Errorf("nothing is %v, %v", values, err)
	}
}

func TestEnvFilesThatAreRefused(t *testing.T) {
	for line, why := range map[string]string{
		"A": "missing =", "A: secret": "missing =", "=b": "empty key", "export  A=b": "must start with", "A B=secret": "key characters",
		"1A=secret": "must start with", "A-B=secret": "key characters", "Ä=secret": "must start with", "export\tA=1": "key characters",
		"\ufeffA=1": "must start with", `A="\x41secret"`: "invalid escape", `A="\'secret"`: "invalid escape", `A="\U0041"`: "invalid escape",
		"A='secret": "unmatched '", `A="secret`: `unmatched "`, "A=\"a\nb\"": `unmatched "`, `A="secret\`: "incomplete escape",
		"A=secret\x00x": "0x00 is an invalid", "A=\"a\x01b\"": "0x01 is an invalid", "A='a\x01b'": "0x01 is an invalid", "A=a\tb": "0x09 is an invalid",
		`A="\u0000"`: "cannot be in a variable", `A="\ud83d"`: "incomplete Unicode", `A="\ud83dsecret"`: "incomplete Unicode",
		`A="\u12"`: "hex", `A="\u12g4"`: "invalid hex", `A="\u`: "hex",
	} {
		values, err := ParseEnv("# first\n" + line)
		if err == nil || !strings.HasPrefix(err.Error(), "error on line 2: ") || !strings.Contains(err.Error(), why) {
			t.Errorf("%q is %v, %v; want %q", line, values, err, why)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q is told in its error: %v", line, err)
		}
	}
}

func FuzzParseEnv(f *testing.F) {
	for _, seed := range []string{"A=b", "export A='b' \"c\\n\" # d", "A=\"\\ud83d\\udd25\"", "=", "A=\"\\", "\r\n A \t= 'x", "A=é#", "A='\u0085"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		values, err := ParseEnv(file)
		if err != nil {
			return
		}
		for name, value := range values {
			if checkEnvName(name) != nil || strings.IndexByte(value, 0) >= 0 || utf8.ValidString(file) && !utf8.ValidString(value) {
				t.Errorf("%q has %q = %q", file, name, value)
			}
			// What JSON writes is read back whole: the way that users are told to write any text.
			quoted, err := toJSON(value, "", true)
			if err != nil {
				t.Fatal(err)
			}
			again, err := ParseEnv(name + "=" + quoted)
			if utf8.ValidString(value) && (err != nil || again[name] != value) {
				t.Errorf("%q written as %s is read as %q, %v", value, quoted, again[name], err)
			}
		}
	})
}
