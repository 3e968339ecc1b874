/** @module The one way YAML is written: quoted so that YAML 1.1 readers (Kubernetes') see the same values. */
import { stringify } from "yaml";

/** `on`, `yes`, `1:30` and their like come out quoted. Long lines stay whole. */
export function toYaml(value: unknown): string {
  return stringify(value, { compat: "yaml-1.1", lineWidth: 0, aliasDuplicateObjects: false });
}
