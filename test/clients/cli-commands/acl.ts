/** @module Rows of tokens with roles and an end, and of a login by an OIDC issuer. Used by nomad-cli-commands.ts. */
import type { CliCommand } from "./command.ts";

const NEW_TOKEN = ["PUT /v1/acl/token"];

export const ACL_ROLES: readonly CliCommand[] = [
  { command: "acl policy apply", title: "for a login", args: ["acl", "policy", "apply", "$OIDC_POLICY", "$RULES"], calls: ["PUT /v1/acl/policy/$OIDC_POLICY"], exit: 0 },
  { command: "acl role create", title: "for a login", args: ["acl", "role", "create", "-name=$OIDC_POLICY", "-policy=$OIDC_POLICY"], calls: ["PUT /v1/acl/role"], exit: 0, keeps: { OIDC_ROLE: "id" } },
  { command: "acl token create", title: "of a role by its name", args: ["acl", "token", "create", "-type=client", "-role-name=$OIDC_POLICY"], calls: NEW_TOKEN, exit: 0, saw: { hasSecret: true, roles: ["$OIDC_POLICY"], expires: false }, keeps: { ROLE_TOKEN: "accessor" } },
  { command: "acl token delete", title: "of a role", args: ["acl", "token", "delete", "$ROLE_TOKEN"], calls: ["DELETE /v1/acl/token/:id"], exit: 0 },
  { command: "acl token create", title: "of a role by its ID, with an end", args: ["acl", "token", "create", "-type=client", "-role-id=$OIDC_ROLE", "-ttl=1h"], calls: NEW_TOKEN, exit: 0, saw: { hasSecret: true, roles: ["$OIDC_POLICY"], expires: true }, keeps: { ROLE_TOKEN: "accessor" } },
  { command: "acl token delete", title: "of a role, with an end", args: ["acl", "token", "delete", "$ROLE_TOKEN"], calls: ["DELETE /v1/acl/token/:id"], exit: 0 },
  { command: "acl token info", title: "of one that is gone", args: ["acl", "token", "info", "$ROLE_TOKEN"], calls: ["GET /v1/acl/token/:id"], exit: 1, error: /404 \(ACL token not found\)/ },
  { command: "acl token create", title: "of a role that is not there", args: ["acl", "token", "create", "-type=client", "-role-name=no-such-role"], calls: NEW_TOKEN, exit: 1, error: /no-such-role/ },
];

const BY_DEFAULT = ["GET /v1/acl/auth-methods", "PUT /v1/acl/oidc/auth-url"];
const CHANGED = ["GET /v1/acl/auth-method/$OIDC_POLICY", "PUT /v1/acl/auth-method/$OIDC_POLICY"];

export const OIDC_LOGIN: readonly CliCommand[] = [
  { command: "acl auth-method create", title: "by OIDC, the default", args: ["acl", "auth-method", "create", "-name=$OIDC_POLICY", "-type=OIDC", "-default", "-config=$OIDC_CONFIG"], calls: ["PUT /v1/acl/auth-method"], exit: 0, saw: { type: "OIDC" } },
  { command: "acl auth-method update", args: ["acl", "auth-method", "update", "-max-token-ttl=30m", "$OIDC_POLICY"], calls: CHANGED, exit: 0, saw: { ttl: "30m0s", type: "OIDC" } },
  { command: "login", title: "by OIDC, without a binding", args: ["login", "-type=oidc", "-issuer-ca=$ISSUER_CA"], calls: [...BY_DEFAULT, "PUT /v1/acl/oidc/complete-auth"], exit: 1, error: /^Error performing login: .*no role or policy bindings matched/ },
  { command: "acl binding-rule create", title: "with a selector", args: ["acl", "binding-rule", "create", "-auth-method=$OIDC_POLICY", "-bind-type=role", "-bind-name=$OIDC_POLICY", "-selector=engineers in list.groups"], calls: ["PUT /v1/acl/binding-rule"], exit: 0, keeps: { OIDC_RULE: "id" } },
  { command: "acl binding-rule update", args: ["acl", "binding-rule", "update", "-description=for engineers", "$OIDC_RULE"], calls: ["GET /v1/acl/binding-rule/:id", "PUT /v1/acl/binding-rule/:id"], exit: 0, saw: { description: "for engineers", bind: "$OIDC_POLICY" } },
  { command: "login", title: "by OIDC", args: ["login", "-type=oidc", "-issuer-ca=$ISSUER_CA"], calls: [...BY_DEFAULT, "PUT /v1/acl/oidc/complete-auth"], exit: 0, saw: { type: "client", hasSecret: true } },
  { command: "login", title: "by OIDC, of a method that is not there", args: ["login", "-type=oidc", "-method=no-such-method", "-issuer-ca=$ISSUER_CA"], calls: ["PUT /v1/acl/oidc/auth-url"], exit: 1, error: /auth-method "no-such-method" not found/ },
  { command: "acl binding-rule delete", title: "of the login by OIDC", args: ["acl", "binding-rule", "delete", "$OIDC_RULE"], calls: ["DELETE /v1/acl/binding-rule/:id"], exit: 0 },
  { command: "acl auth-method delete", title: "of the login by OIDC", args: ["acl", "auth-method", "delete", "$OIDC_POLICY"], calls: ["DELETE /v1/acl/auth-method/$OIDC_POLICY"], exit: 0 },
  { command: "login", title: "without a default", args: ["login", "some-token"], calls: ["GET /v1/acl/auth-methods"], exit: 1, error: /no default found$/ },
  { command: "acl role delete", title: "of the login by OIDC", args: ["acl", "role", "delete", "$OIDC_ROLE"], calls: ["DELETE /v1/acl/role/:id"], exit: 0 },
  { command: "acl policy delete", title: "of the login by OIDC", args: ["acl", "policy", "delete", "$OIDC_POLICY"], calls: ["DELETE /v1/acl/policy/$OIDC_POLICY"], exit: 0 },
];
