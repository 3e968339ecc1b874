package main

import "testing"

func TestOnlyThePartsOfTheProgramThatAreNeverWrittenAreGivenBack(t *testing.T) {
	const program = "/nomad-bridge/launcher"
	for name, c := range map[string]struct {
		line          string
		start, length uintptr
		ok            bool
	}{
		"code":            {"00400000-00402000 r-xp 00000000 00:2a 77 /nomad-bridge/launcher", 0x400000, 0x2000, true},
		"constants":       {"00402000-00403000 r--p 00002000 00:2a 77                 /nomad-bridge/launcher", 0x402000, 0x1000, true},
		"variables":       {"00403000-00404000 rw-p 00003000 00:2a 77 /nomad-bridge/launcher", 0, 0, false},
		"shared code":     {"00400000-00402000 r-xs 00000000 00:2a 77 /nomad-bridge/launcher", 0, 0, false},
		"another file":    {"00400000-00402000 r-xp 00000000 00:2a 77 /usr/lib/libc.so", 0, 0, false},
		"no file":         {"c000000000-c000400000 r--p 00000000 00:00 0", 0, 0, false},
		"the kernel's":    {"7ffe00000000-7ffe00002000 r-xp 00000000 00:00 0 [vdso]", 0, 0, false},
		"a length of 0":   {"00400000-00400000 r-xp 00000000 00:2a 77 /nomad-bridge/launcher", 0, 0, false},
		"a deleted file":  {"00400000-00402000 r-xp 00000000 00:2a 77 /nomad-bridge/launcher (deleted)", 0, 0, false},
		"not an address":  {"x-y r-xp 00000000 00:2a 77 /nomad-bridge/launcher", 0, 0, false},
		"an empty line":   {"", 0, 0, false},
		"a longer name":   {"00400000-00402000 r-xp 00000000 00:2a 77 /nomad-bridge/launcher2", 0, 0, false},
		"a name in blank": {"00400000-00402000 r-xp 00000000 00:2a 77 /nomad-bridge/laun cher", 0, 0, false},
	} {
		if start, length, ok := readOnlyPart(c.line, program); start != c.start || length != c.length || ok != c.ok {
			t.Errorf("%s: %x, %x, %v", name, start, length, ok)
		}
	}
}

// TestMemoryIsGivenBackFromUnderARunningProgram goes on working afterwards, which is all that can be seen of it.
func TestMemoryIsGivenBackFromUnderARunningProgram(t *testing.T) {
	for range 3 {
		giveBackMemory()
		if _, err := parseDocument(documentText(t, validDocument())); err != nil {
			t.Fatal(err)
		}
	}
}
