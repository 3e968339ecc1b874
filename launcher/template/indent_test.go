package template

import (
	"bytes"
	"encoding/json"
	"runtime"
	"strings"
	"testing"
)

func FuzzIndentedSize(f *testing.F) {
	for _, text := range []string{`null`, `{}`, `[[],{},[1,"a"],{"b":{"c":[]}}]`, `{"\"[{":"\\","x":["]","}",",:"]}`, `[[[[1]]]]`, `"\\\""`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var compact, indented bytes.Buffer
		if json.Compact(&compact, text) != nil || json.Indent(&indented, compact.Bytes(), "", "  ") != nil {
			return
		}
		if got := indentedSize(compact.Bytes(), 2); got != indented.Len() {
			t.Errorf("%s: %d, and it is %d", compact.Bytes(), got, indented.Len())
		}
	})
}

func TestADeepValueIsNotIndentedBeforeItsSizeIsKnown(t *testing.T) {
	const depth = 9000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Render(Source{Text: `{{ "` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `" | parseJSON | toJSONPretty }}`}, World{Step: func() error { return nil }})
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "more than 1024 KiB") {
		t.Errorf("error %v", err)
	}
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 32*MaxBytes {
		t.Errorf("it takes %d bytes", taken)
	}
}
