// Package restarts is the arithmetic of Nomad's restart policy, which launcher and fetch both count by. It is pure, and
// all times are Unix milliseconds.
package restarts

const (
	ModeFail  = "fail"
	ModeDelay = "delay"

	// MostCounted is where counts end, so that a record that goes on for ever stays one that can be stored.
	MostCounted = 1 << 30

	// Nomad adds up to a quarter of the delay, so that tasks that fail together do not start together.
	jitterShare = 0.25
)

// Policy is the restart block of a group or a task.
type Policy struct {
	Attempts   int    `json:"attempts"`
	IntervalMs int64  `json:"intervalMs"`
	DelayMs    int64  `json:"delayMs"`
	Mode       string `json:"mode"`
}

// Count is how far the present interval is. IntervalStartMs is when its first start was, Attempt how often one has been
// followed by another.
type Count struct {
	IntervalStartMs int64
	Attempt         int
}

// Next is what follows an end: nothing more where the attempts are Spent, else a start after DelayMs. Beyond: the attempts
// of the interval are used up, and DelayMs is the rest of it.
type Next struct {
	Count
	DelayMs int64
	Beyond  bool
	Spent   bool
}

// AfterEnd counts as Nomad does: attempts within one interval of the first start, a new interval after that, or when the
// clock was set back to before it. jitter is a random number from 0 up to, not including, 1.
func (p Policy) AfterEnd(count Count, nowMs int64, jitter float64) Next {
	if nowMs >= count.IntervalStartMs+p.IntervalMs || count.IntervalStartMs > nowMs {
		count = Count{IntervalStartMs: nowMs}
	}
	isBeyond := count.Attempt >= p.Attempts
	if isBeyond && p.Mode == ModeFail {
		return Next{Count: count, Spent: true}
	}
	delayMs := p.DelayMs + int64(float64(p.DelayMs)*jitterShare*jitter)
	if isBeyond {
		delayMs = count.IntervalStartMs + p.IntervalMs - nowMs
	}
	count.Attempt = OneMore(count.Attempt)
	return Next{Count: count, DelayMs: delayMs, Beyond: isBeyond}
}

// WithinReach keeps a stored time from being later than the policy could have made it: a clock that was set back, or a
// task that wrote the record, does not put a start off for ever.
func (p Policy) WithinReach(atMs, nowMs int64) int64 {
	return min(atMs, nowMs+max(p.IntervalMs, p.longestDelay()))
}

func (p Policy) longestDelay() int64 {
	return p.DelayMs + int64(float64(p.DelayMs)*jitterShare)
}

// OneMore adds one, up to MostCounted.
func OneMore(counted int) int { return min(counted+1, MostCounted) }
