package paths

import "testing"

func TestClimbsSeesAWayThatLeavesAndComesBack(t *testing.T) {
	for _, c := range []struct {
		path  string
		depth int
		want  bool
	}{
		{"", 0, false}, {"a/b", 0, false}, {"a/../b", 0, false}, {"./a//..", 0, false}, {"/", 0, false}, {"..a/...", 0, false},
		{"..", 0, true}, {"../a", 0, true}, {"a/../..", 0, true}, {"a/../../a", 0, true}, {"/..", 0, true},
		{"..", 1, false}, {"../alloc", 1, false}, {"../..", 1, true}, {"../../task/x", 1, true}, {"../../..", 2, true},
	} {
		if got := Climbs(c.path, c.depth); got != c.want {
			t.Errorf("%q from depth %d: %v", c.path, c.depth, got)
		}
	}
}
