/** @module One kind as a CustomResourceDefinition. Used by the generator and by its test. */
import type { KindDefinition } from "./kinds.ts";
import { type SchemaNode, structuralSchema } from "./structural-schema.ts";

const GROUP = "nomad-bridge.dev";

export function customResourceDefinition(definition: KindDefinition): unknown {
  const { kind, plural, scope, shortNames, columns, scale, status } = definition;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope,
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), categories: ["nomad"], ...(shortNames === undefined ? {} : { shortNames }) },
      versions: [
        {
          name: "v1alpha1",
          served: true,
          storage: true,
          ...(status === undefined ? {} : { subresources: { status: {}, ...(scale === undefined ? {} : { scale }) } }),
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: objectSchema(definition) },
        },
      ],
    },
  };
}

function objectSchema({ kind, about, spec, status, rules }: KindDefinition): SchemaNode {
  return {
    description: about,
    type: "object",
    required: ["spec"],
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
      spec: structuralSchema(spec, `${kind}.spec`),
      ...(status === undefined ? {} : { status: structuralSchema(status, `${kind}.status`) }),
    },
    ...(rules === undefined ? {} : { "x-kubernetes-validations": rules }),
  };
}
