/** @module What may stand in a task's secret blocks, in Nomad's words and order. Used by validation. */
import type { Task } from "../../job.ts";
import { errorIf, nestedError } from "./multierror.ts";

export function validateSecrets(secrets: Task["Secrets"]): readonly string[] {
  const names = secrets.map(({ Name }) => textOf(Name));
  return secrets.flatMap(({ Provider, Path }, index) => {
    const name = names[index] ?? "";
    return [
      ...errorIf(names.indexOf(name) !== index, `Duplicate secret "${name}" found`),
      ...nestedError(`Secret "${name}" is invalid`, [
        ...errorIf(name === "", "secret name cannot be empty"),
        ...errorIf(!/^[a-zA-Z0-9_]{1,128}$/.test(name), "secret name must match regex ^[a-zA-Z0-9_]{1,128}$"),
        ...errorIf(textOf(Provider) === "", "secret provider cannot be empty"),
        ...errorIf(textOf(Path) === "", "secret path cannot be empty"),
      ]),
    ];
  });
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
