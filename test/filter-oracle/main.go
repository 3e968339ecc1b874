// Command filter-oracle answers filter expressions with HashiCorp's own go-bexpr: cases as JSON on standard input, one answer each on
// standard output. test/clients/filter-oracle.test.ts compares ours with them.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/go-bexpr"
)

type testCase struct {
	Filter string
	Row    any
}

// answer is "true" or "false", or "error" with what the library said.
type answer struct {
	Answer, Error string
}

func main() {
	var cases []testCase
	decoder := json.NewDecoder(os.Stdin)
	// Numbers stay what they are: whole ones are integers to the library.
	decoder.UseNumber()
	if err := decoder.Decode(&cases); err != nil {
		fmt.Fprintln(os.Stderr, "the cases cannot be read:", err)
		os.Exit(1)
	}
	answers := make([]answer, 0, len(cases))
	for _, c := range cases {
		answers = append(answers, ask(c))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, "the answers cannot be written:", err)
		os.Exit(1)
	}
}

func ask(c testCase) (got answer) {
	// The library panics on some values that no row of Nomad's holds.
	defer func() {
		if thrown := recover(); thrown != nil {
			got = answer{"error", fmt.Sprint("panic: ", thrown)}
		}
	}()
	evaluator, err := bexpr.CreateEvaluator(c.Filter)
	if err != nil {
		return answer{"error", err.Error()}
	}
	fits, err := evaluator.Evaluate(c.Row)
	if err != nil {
		return answer{"error", err.Error()}
	}
	return answer{fmt.Sprint(fits), ""}
}
