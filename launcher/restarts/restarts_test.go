package restarts

import (
	"math/rand/v2"
	"testing"
)

const someMs = 1_800_000_000_000

func TestWhatFollowsAnEnd(t *testing.T) {
	inModeFail := Policy{Attempts: 2, IntervalMs: 60_000, DelayMs: 4000, Mode: ModeFail}
	inModeDelay := inModeFail
	inModeDelay.Mode = ModeDelay
	none := inModeFail
	none.Attempts = 0
	always := inModeDelay
	always.Attempts, always.IntervalMs = 0, 0
	for _, one := range []struct {
		name    string
		policy  Policy
		attempt int
		afterMs int64
		want    Next
	}{
		{name: "no restart is allowed", policy: none, afterMs: 9, want: Next{Spent: true}},
		{name: "the first end is followed by the delay and half of its jitter", policy: inModeFail, afterMs: 9, want: Next{Count: Count{Attempt: 1}, DelayMs: 4500}},
		{name: "so is the last that may be", policy: inModeFail, attempt: 1, afterMs: 9, want: Next{Count: Count{Attempt: 2}, DelayMs: 4500}},
		{name: "the attempts are spent", policy: inModeFail, attempt: 2, afterMs: 9, want: Next{Count: Count{Attempt: 2}, Spent: true}},
		{name: "they are until the last millisecond of the interval", policy: inModeFail, attempt: 2, afterMs: 59_999, want: Next{Count: Count{Attempt: 2}, Spent: true}},
		{name: "a new interval counts anew", policy: inModeFail, attempt: 2, afterMs: 60_000, want: Next{Count: Count{IntervalStartMs: 60_000, Attempt: 1}, DelayMs: 4500}},
		{name: "a clock that was set back begins an interval", policy: inModeFail, attempt: 2, afterMs: -5, want: Next{Count: Count{IntervalStartMs: -5, Attempt: 1}, DelayMs: 4500}},
		{name: "mode delay waits for the rest of the interval", policy: inModeDelay, attempt: 2, afterMs: 10_000, want: Next{Count: Count{Attempt: 3}, DelayMs: 50_000, Beyond: true}},
		{name: "and goes on to", policy: inModeDelay, attempt: 3, afterMs: 59_999, want: Next{Count: Count{Attempt: 4}, DelayMs: 1, Beyond: true}},
		{name: "an interval without length is over at once", policy: always, attempt: 7, want: Next{Count: Count{Attempt: 1}, Beyond: true}},
		{name: "counting ends somewhere", policy: inModeDelay, attempt: MostCounted, afterMs: 10_000, want: Next{Count: Count{Attempt: MostCounted}, DelayMs: 50_000, Beyond: true}},
	} {
		one.want.IntervalStartMs += someMs
		if got := one.policy.AfterEnd(Count{IntervalStartMs: someMs, Attempt: one.attempt}, someMs+one.afterMs, 0.5); got != one.want {
			t.Errorf("%s: %+v, want %+v", one.name, got, one.want)
		}
	}
}

func TestAStoredTimeIsWithinThePolicysReach(t *testing.T) {
	for _, one := range []struct {
		name   string
		policy Policy
		inMs   int64
		want   int64
	}{
		{name: "a time that has passed stays", policy: Policy{IntervalMs: 60_000, DelayMs: 4000}, inMs: -7, want: -7},
		{name: "the end of an interval is possible", policy: Policy{IntervalMs: 60_000, DelayMs: 4000}, inMs: 60_000, want: 60_000},
		{name: "more is not", policy: Policy{IntervalMs: 60_000, DelayMs: 4000}, inMs: 60_001, want: 60_000},
		{name: "a delay with all of its jitter is possible", policy: Policy{IntervalMs: 10, DelayMs: 4000}, inMs: 5000, want: 5000},
		{name: "a time far off is not", policy: Policy{IntervalMs: 10, DelayMs: 4000}, inMs: 1 << 50, want: 5000},
	} {
		if got := one.policy.WithinReach(someMs+one.inMs, someMs); got != someMs+one.want {
			t.Errorf("%s: in %d ms, want %d", one.name, got-someMs, one.want)
		}
	}
}

func somePolicy(random *rand.Rand) Policy {
	return Policy{
		Attempts: random.IntN(5), IntervalMs: random.Int64N(20_000), DelayMs: random.Int64N(9000),
		Mode: []string{ModeFail, ModeDelay}[random.IntN(2)],
	}
}

// TestNoIntervalHasMoreStartsThanThePolicyAllows plays random lives, with clocks that are set back now and then.
func TestNoIntervalHasMoreStartsThanThePolicyAllows(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		policy := somePolicy(random)
		nowMs := int64(someMs)
		count, startsIn := Count{IntervalStartMs: nowMs}, 0
		for range 40 {
			nowMs += random.Int64N(7000)
			if random.IntN(10) == 0 {
				nowMs -= random.Int64N(30_000)
			}
			next := policy.AfterEnd(count, nowMs, random.Float64())
			checkNext(t, policy, count, next, nowMs)
			if nowMs >= count.IntervalStartMs+policy.IntervalMs || nowMs < count.IntervalStartMs {
				startsIn = 0
			}
			count = next.Count
			if next.Spent {
				break
			}
			startsIn++
			if policy.Mode == ModeFail && startsIn > policy.Attempts {
				t.Fatalf("%d starts in one interval of %+v", startsIn, policy)
			}
			nowMs += next.DelayMs
		}
	}
}

func checkNext(t *testing.T, policy Policy, before Count, next Next, nowMs int64) {
	t.Helper()
	if next.Spent {
		if policy.Mode != ModeFail || next.Beyond || next.DelayMs != 0 || next.Attempt < policy.Attempts {
			t.Fatalf("spent after %+v: %+v under %+v", before, next, policy)
		}
		return
	}
	isDelay := next.DelayMs >= policy.DelayMs && 4*next.DelayMs <= 5*policy.DelayMs
	if !next.Beyond && !isDelay {
		t.Fatalf("put off by %d ms under %+v", next.DelayMs, policy)
	}
	if next.Beyond && (policy.Mode != ModeDelay || nowMs+next.DelayMs != next.IntervalStartMs+policy.IntervalMs) {
		t.Fatalf("%+v at %d under %+v", next, nowMs, policy)
	}
	if next.IntervalStartMs > nowMs || nowMs-next.IntervalStartMs > policy.IntervalMs {
		t.Fatalf("the interval begins at %d, it is %d", next.IntervalStartMs, nowMs)
	}
	if next.Attempt < 1 || next.Attempt > before.Attempt+1 {
		t.Fatalf("attempt %d follows %d", next.Attempt, before.Attempt)
	}
	if atMs := nowMs + next.DelayMs; policy.WithinReach(atMs, nowMs) != atMs {
		t.Fatalf("a start in %d ms is out of reach of %+v", next.DelayMs, policy)
	}
}

// TestNothingStoredPutsAStartOffBeyondThePolicy takes counts and times as a hostile task could have written them.
func TestNothingStoredPutsAStartOffBeyondThePolicy(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		policy := somePolicy(random)
		reachMs := max(policy.IntervalMs, policy.DelayMs*5/4)
		stored := Count{IntervalStartMs: random.Int64() >> random.IntN(63), Attempt: random.IntN(MostCounted + 1)}
		if next := policy.AfterEnd(stored, someMs, random.Float64()); next.DelayMs < 0 || next.DelayMs > reachMs {
			t.Fatalf("%+v puts a start off by %d ms under %+v", stored, next.DelayMs, policy)
		}
		if atMs := policy.WithinReach(random.Int64()>>random.IntN(63), someMs); atMs > someMs+reachMs {
			t.Fatalf("a start in %d ms under %+v", atMs-someMs, policy)
		}
	}
}
