/**
 * @module A regular expression as a program: small steps that many threads take at once, so that time grows with the text and the pattern alone.
 * Used for regex_replace, which must know where each group is; what only asks whether a text fits has filter/regexp/, which keeps no such records.
 */

/** Whether a character is in a class, by code point. */
export type CharTest = (codePoint: number) => boolean;

export type Assertion = "text-start" | "text-end" | "line-start" | "line-end" | "word" | "not-word";

export type Instruction =
  | { readonly kind: "char"; readonly test: CharTest }
  /** Both, the first preferred. */
  | { readonly kind: "split"; first: number; second: number }
  | { readonly kind: "jump"; to: number }
  | { readonly kind: "save"; readonly slot: number }
  | { readonly kind: "assert"; readonly assertion: Assertion }
  | { readonly kind: "match" };

/** `groups` counts the whole match too. */
export type Program = { readonly instructions: readonly Instruction[]; readonly groups: number; readonly names: ReadonlyMap<string, number> };

export type Node =
  | { readonly kind: "empty" }
  | { readonly kind: "char"; readonly test: CharTest }
  | { readonly kind: "assert"; readonly assertion: Assertion }
  | { readonly kind: "sequence"; readonly items: readonly Node[] }
  | { readonly kind: "choice"; readonly options: readonly Node[] }
  | { readonly kind: "group"; readonly index: number; readonly inner: Node }
  | { readonly kind: "repeat"; readonly inner: Node; readonly min: number; readonly max: number; readonly greedy: boolean };
