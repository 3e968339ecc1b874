/** @module A filter expression as a tree. Made by parse.ts, read by evaluate.ts. */
import type { Result } from "../../lib/result.ts";
import type { Regexp } from "./regexp/program.ts";

/** `text` is how the library writes it where it is quoted in an error, or used as a value. */
export type Selector = { readonly path: readonly string[]; readonly text: string };

export type MatchOperator = "equal" | "in" | "empty" | "nil" | "matches";

/** `any X as key, value { … }`: `fallback` is the one name of the short form, an item of a list or a key of a map. */
export type Binding = { readonly fallback?: string; readonly index?: string; readonly value?: string };

export type Expression =
  | { readonly kind: "and" | "or"; readonly operands: readonly Expression[] }
  | { readonly kind: "not"; readonly operand: Expression }
  | {
      readonly kind: "match";
      readonly selector: Selector;
      readonly operator: MatchOperator;
      readonly isNegated: boolean;
      /** As written, without its quotes. Empty for `empty` and `nil`. */
      readonly value: string;
      /** Of `matches` alone. A pattern that cannot be read fails only where it is asked, as in the library. */
      readonly pattern?: Result<Regexp, string>;
    }
  | { readonly kind: "each"; readonly isAll: boolean; readonly selector: Selector; readonly binding: Binding; readonly inner: Expression };
