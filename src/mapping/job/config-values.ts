/**
 * @module Values of a driver's config block, which is free in form, as the driver decodes them: HCL turns numbers and booleans into text.
 * Texts of errors are HCL's, as Nomad's client shows them. Used by the drivers' modules.
 */
import { ok, type Result } from "../../lib/result.ts";
import type { Refusal } from "../refusal.ts";
import { refusedAt } from "./mapped.ts";

export type Config = Readonly<Record<string, unknown>>;

/** What HCL decodes into text; undefined where it does not. */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

/** "" where the key is absent. */
export function textOf(config: Config, key: string, path: string): Result<string, Refusal> {
  const value = config[key];
  if (isAbsent(value)) return ok("");
  const text = scalarText(value);
  return text === undefined ? refusedAt(`${path}.${key}`, `Incorrect attribute value type; Inappropriate value for attribute "${key}": string required.`) : ok(text);
}

export function listOf(config: Config, key: string, path: string): Result<readonly string[], Refusal> {
  const value = config[key];
  if (isAbsent(value)) return ok([]);
  const texts = Array.isArray(value) ? value.map(scalarText) : [undefined];
  const wrong = texts.findIndex((text) => text === undefined);
  if (wrong < 0) return ok(texts as readonly string[]);
  const what = Array.isArray(value) ? `element ${wrong}: string required` : "list of string required";
  return refusedAt(`${path}.${key}`, `Incorrect attribute value type; Inappropriate value for attribute "${key}": ${what}.`);
}

/** A key that the driver does not have fails the task on Nomad too, with this text. */
export function unknownKey(config: Config, known: readonly string[], path: string): { readonly ok: false; readonly error: Refusal } | undefined {
  const key = Object.keys(config).find((each) => !known.includes(each));
  if (key === undefined) return undefined;
  return refusedAt(`${path}.${key}`, `failed to parse config: Invalid label; No argument or block type is named "${key}". The driver has: ${known.join(", ")}`);
}
