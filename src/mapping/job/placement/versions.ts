/**
 * @module Versions and what constraints ask of them: the operands "version", as HashiCorp's go-version reads it, and "semver", which is strict.
 * Source: pkg.go.dev/github.com/hashicorp/go-version; semver.org
 */

type Version = {
  /** As many as are written, three at least. */
  readonly segments: readonly number[];
  readonly written: number;
  readonly prerelease: string;
};

const LOOSE = /^v?(\d{1,18}(?:\.\d{1,18}){0,9})(?:-([0-9A-Za-z~-]+(?:\.[0-9A-Za-z~-]+)*)|[-]?([A-Za-z~][0-9A-Za-z~-]*(?:\.[0-9A-Za-z~-]+)*))?(?:\+[0-9A-Za-z~.-]+)?$/;
const STRICT = /^v?((?:0|[1-9]\d{0,17})(?:\.(?:0|[1-9]\d{0,17})){2})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
const LONGEST = 256;

function parseVersion(text: string, strict: boolean): Version | undefined {
  const found = text.length > LONGEST ? null : (strict ? STRICT : LOOSE).exec(text.trim());
  if (found === null) return undefined;
  const segments = (found[1] ?? "").split(".").map(Number);
  return { segments: [...segments, 0, 0].slice(0, Math.max(3, segments.length)), written: segments.length, prerelease: found[2] ?? found[3] ?? "" };
}

/** Negative, 0 or positive, as semver orders them. */
function compare(a: Version, b: Version): number {
  for (let i = 0; i < Math.max(a.segments.length, b.segments.length); i++) {
    const difference = (a.segments[i] ?? 0) - (b.segments[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.prerelease === b.prerelease) return 0;
  if (a.prerelease === "") return 1;
  return b.prerelease === "" ? -1 : comparePrerelease(a.prerelease.split("."), b.prerelease.split("."));
}

function comparePrerelease(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [left, right] = [a[i], b[i]];
    if (left === right) continue;
    if (left === undefined) return -1;
    if (right === undefined) return 1;
    const [l, r] = [/^\d+$/.test(left), /^\d+$/.test(right)];
    if (l && r) return Number(left) - Number(right);
    if (l !== r) return l ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return 0;
}

type Term = { readonly operator: string; readonly version: Version };

const TERM = /^(=|!=|>=|<=|>|<|~>|)\s*(\S+)$/;

/** Undefined where the text is none: such as ">= 1.2, < 2". */
function parseTerms(text: string, strict: boolean): readonly Term[] | undefined {
  if (text.length > LONGEST) return undefined;
  const terms = text.split(",").map((part): Term | undefined => {
    const [, operator = "", rest = ""] = TERM.exec(part.trim()) ?? [];
    const version = parseVersion(rest, strict);
    return version === undefined || (strict && operator === "~>") ? undefined : { operator, version };
  });
  return terms.every((term) => term !== undefined) ? terms : undefined;
}

export const isVersionConstraint = (text: string, strict: boolean): boolean => parseTerms(text, strict) !== undefined;

/** A text that is no version meets nothing. */
export function meetsVersion(text: string, constraint: string, strict: boolean): boolean {
  const version = parseVersion(text, strict);
  const terms = parseTerms(constraint, strict);
  return version !== undefined && terms !== undefined && terms.every((term) => meets(version, term, strict));
}

function meets(version: Version, { operator, version: wanted }: Term, strict: boolean): boolean {
  const order = compare(version, wanted);
  switch (operator) {
    case "":
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
    case ">":
      return order > 0 && (strict || mayCompare(version, wanted));
    case ">=":
      return order >= 0 && (strict || mayCompare(version, wanted));
    case "<":
      return order < 0 && (strict || mayCompare(version, wanted));
    case "<=":
      return order <= 0 && (strict || mayCompare(version, wanted));
    default:
      return order >= 0 && mayCompare(version, wanted) && (version.prerelease !== "" || wanted.prerelease === "") && isWithin(version, wanted);
  }
}

/** A pre-release is compared only with one of the same segments, and a release with releases alone. */
function mayCompare(version: Version, wanted: Version): boolean {
  if (version.prerelease === "" && wanted.prerelease === "") return true;
  if (version.prerelease !== "" && wanted.prerelease !== "") return version.segments.join(".") === wanted.segments.join(".");
  return version.prerelease === "";
}

/** ~> 1.2.3 lets the last segment that is written grow, and no other. */
function isWithin(version: Version, wanted: Version): boolean {
  const fixed = Math.max(1, wanted.written - 1);
  return wanted.segments.slice(0, fixed).every((segment, i) => version.segments[i] === segment);
}
