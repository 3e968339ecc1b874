package interpolation

import (
	"runtime"
	"strings"
	"testing"
)

// TestLongTextsTakeMemoryByTheirLength has texts as long as a document may have: what each takes must not be its square.
func TestLongTextsTakeMemoryByTheirLength(t *testing.T) {
	const length, mostForEachByte = 190_000, 1000
	names, err := NewScope(Values{Env: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"${" + strings.Repeat("a::", length/3) + "a()}", "${a" + strings.Repeat(".a", length/2) + "}", "${a" + strings.Repeat(".*", length/2) + "}",
		"${" + strings.Repeat(`"a"+`, length/4) + "1}", "${" + strings.Repeat("a?b:", length/4) + "1}", "${[" + strings.Repeat("1,", length/2) + "]}",
		"${{" + strings.Repeat("a=1,", length/4) + "}}", "${" + strings.Repeat("9", length) + "}", strings.Repeat(`${"`, length/3), strings.Repeat("%{if true}", length/10),
		"${" + strings.Repeat("/* */", length/5) + "1}", strings.Repeat("$${", length/3),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = Evaluate(text, names)
		runtime.ReadMemStats(&after)
		if taken := after.TotalAlloc - before.TotalAlloc; taken > length*mostForEachByte {
			t.Errorf("%.20s… takes %d bytes", text, taken)
		}
	}
}
