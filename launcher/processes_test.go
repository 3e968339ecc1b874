package main

import (
	"slices"
	"testing"
)

func pidsOf(processes []process) []int {
	var pids []int
	for _, found := range processes {
		pids = append(pids, found.pid)
	}
	slices.Sort(pids)
	return pids
}

func TestDescendantsAreAllBelowAndAlive(t *testing.T) {
	all := []process{
		{pid: 1, parent: 0}, {pid: 5, parent: 1}, {pid: 6, parent: 5}, {pid: 7, parent: 6}, {pid: 8, parent: 1},
		{pid: 9, parent: 6, zombie: true}, {pid: 10, parent: 9}, {pid: 3, parent: 3},
	}
	if got := pidsOf(descendantsOf(5, all)); !slices.Equal(got, []int{6, 7, 10}) {
		t.Errorf("below 5: %v", got)
	}
	if got := pidsOf(descendantsOf(3, all)); !slices.Equal(got, []int{3}) {
		t.Errorf("a circle: %v", got)
	}
}

func TestSessionIsItsMembersAndTheirDescendants(t *testing.T) {
	leader := process{pid: 5, parent: 1, session: 5, startTicks: 100}
	all := []process{
		leader, {pid: 6, parent: 1, session: 5}, {pid: 7, parent: 6, session: 7}, {pid: 8, parent: 1, session: 8},
		{pid: 9, parent: 6, session: 5, zombie: true},
	}
	if got := pidsOf(sessionOf(leader, all)); !slices.Equal(got, []int{5, 6, 7}) {
		t.Errorf("session of 5: %v", got)
	}
	leader.startTicks = 99
	if got := sessionOf(leader, all); got != nil {
		t.Errorf("another process has the number now, but it is taken for the session: %v", got)
	}
}

func TestStatLinesOfAnyName(t *testing.T) {
	const rest = " S 41 7 43 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 4711 10 20"
	for _, name := range []string{"sh", "a b", ") R 1 1 1 (", "x) Z 9"} {
		found, err := parseStat(42, []byte("42 ("+name+")"+rest))
		if err != nil || found != (process{pid: 42, parent: 41, session: 43, startTicks: 4711}) {
			t.Errorf("%q: %+v, %v", name, found, err)
		}
	}
	for _, line := range []string{"", "42 (sh) S", "42 (sh) S a b c d e f g h i j k l m n o p q r s t"} {
		if found, err := parseStat(42, []byte(line)); err == nil {
			t.Errorf("%q is read as %+v", line, found)
		}
	}
}
