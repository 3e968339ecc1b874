/** @module Pieces that the schemas of several kinds share. Every list, map and text has a bound: CEL's cost budget and etcd need them. */
import * as z from "zod";

/** Free text that ends up in one argv or environment entry; Linux allows 128 KiB for one of them. */
export const argText = z.string().max(65_536);

export const durationText = (fallback: string) =>
  z
    .string()
    .max(32)
    .regex(/^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$/, 'must be a duration such as "30s", "5m" or "1h30m"')
    .meta({ "x-kubernetes-validations": [{ rule: "duration(self) <= duration('8760h')", message: "must be at most 8760h, a year" }] })
    .default(fallback);

export const capabilityList = z.array(z.string().min(1).max(64)).max(64);

export const isolationMode = z.enum(["private", "host"]);

export const stringMap = (maxEntries: number, maxValue: number) => {
  const map = z.record(z.string().max(253), z.string().max(maxValue));
  return map.meta({ maxProperties: maxEntries });
};

/** CEL: an absolute path without a ".." component, or none. What begins with a variable is judged when it has its value, by the launcher. */
export const absolutePathRule = (nomadName: string) => ({
  "x-kubernetes-validations": [
    {
      rule: "self == '' || self.startsWith('/') || self.startsWith('${')",
      messageExpression: `'${nomadName} must be absolute but got relative path "' + self + '"'`,
    },
    {
      rule: "!self.split('/').exists(part, part == '..')",
      messageExpression: `'${nomadName} "' + self + '" contains "..": write the path that it resolves to'`,
    },
  ],
});
