/** @module Nomad's `${…}` in a container's texts as Kubernetes' `$(…)`. Pure. Used by the modules beside it. */
import type { Finding } from "../../api/exec-task.ts";

/** The variable of a container that holds the name of its node. */
export const NODE_NAME = "NODE_NAME";

const NODE_NAMES: readonly string[] = ["node.unique.name", "attr.unique.hostname"];

export const namesTheNode = (text: string): boolean => NODE_NAMES.some((name) => text.includes(`\${${name}}`));

/** @param known variables that the container has @param path of the text, for findings */
export function plainText(text: string, known: ReadonlySet<string>, path: string): { readonly text: string; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const replaced = text.replace(/\$\{([^{}]*)\}|\$(?=[$(])/g, (all, inner: string | undefined) => {
    // A dollar of the text's own that Kubernetes would take for one of its signs.
    if (inner === undefined) return "$$";
    const variable = variableOf(inner.trim());
    if (variable !== undefined && known.has(variable)) return `$(${variable})`;
    findings.push({ level: "lost", path, message: `\${${inner.slice(0, 100)}} has no value here, and stays as it is: write the value` });
    return all;
  });
  return { text: replaced, findings };
}

function variableOf(name: string): string | undefined {
  if (NODE_NAMES.includes(name)) return NODE_NAME;
  return /^env\["([^"]+)"\]$/.exec(name)?.[1] ?? /^env\.([\w.-]+)$/.exec(name)?.[1] ?? (/^\w+$/.test(name) ? name : undefined);
}
