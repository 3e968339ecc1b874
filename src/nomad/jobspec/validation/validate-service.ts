/** @module What may stand in services and their checks, in Nomad's words and order. Used by validation. */
import type { Service, ServiceCheck, TaskGroup } from "../../job.ts";
import { SECOND_NS } from "../durations.ts";
import { errorIf, nestedError, untitled } from "./multierror.ts";
import { goDuration } from "./validate-policies.ts";

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const ON_UPDATE = ["require_healthy", "ignore_warnings", "ignore"];

/** Names with values of the environment are known only when the task starts. */
const withoutVariables = (name: string): string => name.replaceAll(/\$\{[^{}]*\}/g, "ENV-VAR");

/** The services of a group, and what those of its tasks have in common with them. */
export function validateServices(group: TaskGroup): readonly string[] {
  const errors = [
    ...group.Services.flatMap((service, index) => [
      ...nestedError(`Service[${index}] ${service.Name} validation failed`, validateService(service)),
      ...errorIf(service.AddressMode === "driver", `service "${service.Name}" cannot use address_mode="driver", only services defined in a "task" block can use this mode`),
      ...validateCheckTasks(service, group),
    ]),
    ...validateUniqueness(group),
    ...errorIf(
      new Set(servicesOf(group).map(({ service }) => service.Provider)).size > 1,
      "Multiple service providers used: task group services must use the same provider",
    ),
  ];
  return [...nestedError("Task group service validation failed", errors), ...nestedError("Task group service check validation failed", scriptsWithoutTask(group))];
}

type Placed = { readonly owner: string; readonly service: Service };

const servicesOf = ({ Services, Tasks }: TaskGroup): readonly Placed[] => [
  ...Services.map((service) => ({ owner: "group", service })),
  ...Tasks.flatMap((task) => task.Services.map((service) => ({ owner: task.Name, service }))),
];

function validateUniqueness(group: TaskGroup): readonly string[] {
  const names = servicesOf(group).map(({ owner, service }) => `${owner}->${service.Name}${service.PortLabel === "" ? "" : `:${service.PortLabel}`}`);
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return errorIf(repeated.size > 0, `Services are not unique: [${[...repeated].join(" ")}]`);
}

function validateCheckTasks(service: Service, group: TaskGroup): readonly string[] {
  const tasks = new Set(group.Tasks.map(({ Name }) => Name));
  return service.Checks.flatMap((check) => errorIf(check.TaskName !== "" && !tasks.has(check.TaskName), `Check ${check.Name} invalid: refers to non-existent task ${check.TaskName}`));
}

const scriptsWithoutTask = (group: TaskGroup): readonly string[] =>
  group.Services.flatMap((service) =>
    service.Checks.filter(({ Type, TaskName }) => Type === "script" && TaskName === "" && service.TaskName === "").map(
      (check) => `Service [${group.Name}]->${service.Name} or Check ${check.Name} must specify task parameter`,
    ),
  );

/** The services of a task. Each port that they name must be one of the group's; numbers and variables are no labels. */
export function validateTaskServices(services: readonly Service[], labels: ReadonlySet<string>): readonly string[] {
  const asked = Map.groupBy(
    services.flatMap((service) => [service.PortLabel, ...service.Checks.map(({ PortLabel }) => PortLabel)].filter((label) => isLabel(label) && !labels.has(label)).map((label) => ({ label, service }))),
    ({ label }) => label,
  );
  const names = services.map(({ Name }) => Name);
  return untitled([
    ...services.flatMap((service, index) => [
      ...nestedError(`service[${index}] ${JSON.stringify(service.Name)} validation failed`, validateService(service)),
      ...errorIf(names.indexOf(service.Name) !== index, `service ${JSON.stringify(service.Name)} is duplicate`),
    ]),
    ...[...asked].map(([label, users]) => `port label "${label}" referenced by services ${[...new Set(users.map(({ service }) => service.Name))].join(", ")} does not exist`),
  ]);
}

const isLabel = (label: string): boolean => label !== "" && !/^\d+$|\$\{/.test(label);

function validateService(service: Service): readonly string[] {
  const { Name, Provider, AddressMode, Address, OnUpdate, Connect, Kind, Identity } = service;
  return [
    ...errorIf(
      !NAME.test(withoutVariables(Name)),
      `Service name must be valid per RFC 1123 and can contain only alphanumeric characters or dashes and must be no longer than 63 characters: "${Name}"`,
    ),
    ...errorIf(!["auto", "alloc", "driver", "host"].includes(AddressMode), `Service address_mode must be "auto", "host", or "driver"; not "${AddressMode}"`),
    ...errorIf(Address !== "" && AddressMode !== "auto", `Service address_mode must be "auto" if address is set`),
    ...errorIf(!ON_UPDATE.includes(OnUpdate), `Service on_update must be "require_healthy", "ignore_warnings", or "ignore"; not "${OnUpdate}"`),
    ...validateProvider(service),
    ...errorIf(Provider === "nomad" && Connect !== null, "Service with provider nomad cannot include Connect blocks"),
    ...errorIf(Provider === "consul" && Kind !== "" && !CONSUL_KINDS.has(Kind), `Service ${Name} kind must be one of consul service kind or empty`),
    ...errorIf(Identity !== null && Identity.Audience.length === 0, "Service identity must provide at least one target aud value"),
  ];
}

const CONSUL_KINDS = new Set(["api-gateway", "connect-proxy", "ingress-gateway", "mesh-gateway", "terminating-gateway"]);

function validateProvider(service: Service): readonly string[] {
  const { Provider, Checks } = service;
  if (Provider !== "consul" && Provider !== "nomad") return [`Service provider must be "consul", or "nomad"; not "${Provider}"`];
  return Checks.flatMap((check) => {
    const fault = checkFault(check, service);
    if (fault === undefined) return [];
    return [Provider === "consul" || fault === noPort(service) ? `Check ${check.Name} invalid: ${fault}` : fault];
  });
}

const noPort = ({ Name }: Service): string => `check requires a port but neither check nor service "${Name}" have a port`;

/** The first thing that is wrong with a check: Nomad tells no more of it. */
function checkFault(check: ServiceCheck, service: Service): string | undefined {
  const isConsul = service.Provider === "consul";
  const [found] = [
    ...validateCheckType(check, isConsul),
    ...validateTimes(check),
    ...errorIf(check.Expose && isConsul && check.Type !== "http" && check.Type !== "grpc", "expose may only be set on HTTP or gRPC checks"),
    ...validateCheckWords(check),
    ...(check.CheckRestart === null ? [] : validateCheckRestart(check.CheckRestart.Limit, check.CheckRestart.Grace ?? 0)),
    ...(isConsul ? [] : forConsulOnly(check)),
    ...errorIf(check.Type !== "script" && check.PortLabel === "" && service.PortLabel === "", noPort(service)),
  ];
  return found;
}

function validateCheckType(check: ServiceCheck, isConsul: boolean): readonly string[] {
  const types = isConsul ? ["grpc", "tcp", "http", "script"] : ["tcp", "http"];
  const type = check.Type.toLowerCase();
  if (!types.includes(type)) return [`invalid check type ("${check.Type}"), must be one of ${types.join(", ")}`];
  if (type === "script") return errorIf(check.Command === "", "script type must have a valid script path");
  return type === "http" ? validatePath(check, isConsul) : [];
}

const METHODS = new Set(["", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"]);

function validatePath({ Path, Method }: ServiceCheck, isConsul: boolean): readonly string[] {
  if (Path === "") return ["http type must have http path"];
  if (Path.startsWith(":") || Array.from(Path).some((char) => char < " " || char === "\u007f")) return ["http type must have valid http path"];
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(Path)) return ["http type must have relative http path"];
  return errorIf(!isConsul && !METHODS.has(Method), `method type "${Method}" not supported in Nomad http check`);
}

const validateTimes = ({ Interval, Timeout }: ServiceCheck): readonly string[] => [
  ...errorIf(Interval === 0, "missing required value interval. Interval cannot be less than 1s"),
  ...errorIf(Interval < SECOND_NS, `interval (${goDuration(Interval)}) cannot be lower than 1s`),
  ...errorIf(Timeout === 0, "missing required value timeout. Timeout cannot be less than 1s"),
  ...errorIf(Timeout < SECOND_NS, `timeout (${goDuration(Timeout)}) is lower than required minimum timeout 1s`),
];

function validateCheckWords({ InitialStatus, AddressMode, OnUpdate, CheckRestart }: ServiceCheck): readonly string[] {
  return [
    ...errorIf(
      !["", "passing", "warning", "critical"].includes(InitialStatus),
      `invalid initial check state (${InitialStatus}), must be one of "passing", "warning", "critical" or empty`,
    ),
    ...errorIf(AddressMode === "auto", `invalid address_mode "auto" - auto only valid for services`),
    ...errorIf(!["", "alloc", "driver", "host"].includes(AddressMode), `invalid address_mode "${AddressMode}"`),
    ...errorIf(OnUpdate !== "" && !ON_UPDATE.includes(OnUpdate), `on_update must be "require_healthy", "ignore_warnings", or "ignore"; got "${OnUpdate}"`),
    ...errorIf(CheckRestart !== null && OnUpdate === "ignore", `on_update value "ignore" is not compatible with check_restart`),
    ...errorIf(
      CheckRestart !== null && OnUpdate === "ignore_warnings" && !CheckRestart.IgnoreWarnings,
      `on_update value "ignore_warnings" not supported with check_restart ignore_warnings value "false"`,
    ),
  ];
}

const validateCheckRestart = (limit: number, grace: number): readonly string[] =>
  untitled([
    ...errorIf(limit < 0, `limit must be greater than or equal to 0 but found ${limit}`),
    ...errorIf(grace < 0, `grace period must be greater than or equal to 0 but found ${grace}`),
  ]);

const forConsulOnly = ({ Expose, SuccessBeforePassing, FailuresBeforeCritical, FailuresBeforeWarning }: ServiceCheck): readonly string[] => [
  ...errorIf(Expose, "expose may only be set for Consul service checks"),
  ...errorIf(SuccessBeforePassing !== 0, "success_before_passing may only be set for Consul service checks"),
  ...errorIf(FailuresBeforeCritical !== 0, "failures_before_critical may only be set for Consul service checks"),
  ...errorIf(FailuresBeforeWarning !== 0, "failures_before_warning may only be set for Consul service checks"),
];
