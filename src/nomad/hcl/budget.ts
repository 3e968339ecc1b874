/** @module What the evaluation of an HCL text may cost. Used by the evaluator and by its functions. */

/** What is left to spend, in steps: about one a node, an element or 16 characters. It only falls. */
export type Budget = { left: number };

/** False when the budget does not reach; the caller must give up then. */
export function afford(budget: Budget, steps: number): boolean {
  if (budget.left < steps) {
    budget.left = 0;
    return false;
  }
  budget.left -= steps;
  return true;
}
