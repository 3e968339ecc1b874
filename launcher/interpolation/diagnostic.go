// What is wrong with a text, in HCL's words, and how much work a text may make.
package interpolation

import "fmt"

// Diagnostic is an error of the text, not of this program. It reads "Summary; Detail", as HCL prints it without its place.
type Diagnostic struct{ Summary, Detail string }

func (d Diagnostic) Error() string { return d.Summary + "; " + d.Detail }

func diagnose(summary, detail string, values ...any) error {
	return Diagnostic{Summary: summary, Detail: fmt.Sprintf(detail, values...)}
}

const (
	// maxDepth is how deep expressions may be nested. HCL itself has no such limit.
	maxDepth = 100
	// maxWork bounds the evaluation of one text: steps, and bytes looked at or made.
	maxWork = 1 << 25
)

var errTooMuchWork = diagnose("Template too expensive", "Evaluating this text takes too much work or memory; make it simpler.")

// budget is shared by all that evaluates one text.
type budget struct{ left int }

func (b *budget) spend(amount int) error {
	if amount > b.left {
		b.left = 0
		return errTooMuchWork
	}
	b.left -= amount
	return nil
}
