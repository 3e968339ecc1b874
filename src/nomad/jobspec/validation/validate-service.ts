/** @module What may stand in services and their checks. Used by validation. */
import type { Service, ServiceCheck, TaskGroup } from "../../job.ts";
import { SECOND_NS } from "../durations.ts";
import { errorIf } from "./multierror.ts";
import { goDuration } from "./validate-policies.ts";

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** Names with values of the environment are known only when the task starts. */
const withoutVariables = (name: string): string => name.replaceAll(/\$\{[^{}]*\}/g, "ENV-VAR");

export function validateService(service: Service): readonly string[] {
  const { Name, Provider, AddressMode, Address, OnUpdate, Connect } = service;
  return [
    ...errorIf(
      !NAME.test(withoutVariables(Name)),
      `Service name must be valid per RFC 1123 and can contain only alphanumeric characters or dashes and must be no longer than 63 characters: "${Name}"`,
    ),
    ...errorIf(Provider !== "consul" && Provider !== "nomad", `Service ${Name} provider "${Provider}" is invalid; must be "consul" or "nomad"`),
    ...errorIf(!["auto", "alloc", "driver", "host"].includes(AddressMode), `Service address_mode must be "auto", "alloc", "driver", or "host"; not "${AddressMode}"`),
    ...errorIf(Address !== "" && AddressMode !== "auto", `Service address_mode must be "auto" if address is set`),
    ...errorIf(!["require_healthy", "ignore_warnings", "ignore"].includes(OnUpdate), `Service on_update must be "require_healthy", "ignore_warnings", or "ignore"; not "${OnUpdate}"`),
    ...errorIf(Provider === "nomad" && Connect !== null, `Service ${Name} must use provider "consul" to use Consul Connect`),
    ...service.Checks.flatMap((check) => validateCheck(check, service).map((error) => `check ${check.Name} invalid: ${error}`)),
  ];
}

function validateCheck(check: ServiceCheck, service: Service): readonly string[] {
  return [
    ...validateCheckType(check, service),
    ...errorIf(check.Interval === 0, "missing required value interval. Interval cannot be less than 1s"),
    ...errorIf(check.Interval !== 0 && check.Interval < SECOND_NS, `interval (${goDuration(check.Interval)}) cannot be lower than 1s`),
    ...errorIf(check.Timeout === 0, "missing required value timeout. Timeout cannot be less than 1s"),
    ...errorIf(check.Timeout !== 0 && check.Timeout < SECOND_NS, `timeout (${goDuration(check.Timeout)}) is lower than required minimum timeout 1s`),
    ...errorIf(
      !["", "passing", "warning", "critical"].includes(check.InitialStatus),
      `invalid initial check state (${check.InitialStatus}), must be one of "passing", "warning", "critical" or empty`,
    ),
    ...errorIf(!["", "alloc", "driver", "host"].includes(check.AddressMode), `invalid address_mode "${check.AddressMode}"`),
    ...errorIf(check.Type !== "script" && check.PortLabel === "" && service.PortLabel === "", "check requires a port but neither check nor service has a port"),
    ...(check.CheckRestart === null ? [] : validateCheckRestart(check.CheckRestart.Limit, check.CheckRestart.Grace ?? 0)),
  ];
}

function validateCheckType(check: ServiceCheck, service: Service): readonly string[] {
  const type = check.Type.toLowerCase();
  if (service.Provider === "nomad" && type !== "http" && type !== "tcp") {
    return [`invalid check type ("${check.Type}"), must be one of "http" or "tcp"`];
  }
  if (type === "http") return errorIf(check.Path === "", "http type must have http path");
  if (type === "script") return errorIf(check.Command === "", "script type must have a valid script path");
  return errorIf(type !== "tcp" && type !== "grpc", `invalid check type ("${check.Type}"), must be one of "http", "tcp", "grpc", or "script"`);
}

const validateCheckRestart = (limit: number, grace: number): readonly string[] => [
  ...errorIf(limit < 0, `limit must be greater than or equal to 0 but found ${limit}`),
  ...errorIf(grace < 0, `grace period cannot be negative: ${goDuration(grace)}`),
];

/** Labels that services and checks of a group name and no network has; numbers and variables are no labels. */
export function validatePortLabels(group: TaskGroup): readonly string[] {
  const networks = [...group.Networks, ...group.Tasks.flatMap(({ Resources }) => Resources.Networks)];
  const known = new Set(networks.flatMap(({ DynamicPorts, ReservedPorts }) => [...DynamicPorts, ...ReservedPorts]).map(({ Label }) => Label));
  const asked = Map.groupBy(
    [...group.Services, ...group.Tasks.flatMap(({ Services }) => Services)].filter(({ PortLabel }) => PortLabel !== "" && !/^\d+$|\$\{/.test(PortLabel)),
    ({ PortLabel }) => PortLabel,
  );
  return [...asked]
    .filter(([label]) => !known.has(label))
    .map(([label, services]) => `port label "${label}" referenced by services ${[...new Set(services.map(({ Name }) => Name))].join(", ")} does not exist`);
}

/** A check that runs in a task, or a service that belongs to one, must name a task of the group. */
export function validateTaskNames(group: TaskGroup): readonly string[] {
  const tasks = new Set(group.Tasks.map(({ Name }) => Name));
  return group.Services.flatMap((service) => [
    ...errorIf(service.TaskName !== "" && !tasks.has(service.TaskName), `Service ${group.Name}->${service.Name} refers to undefined task ${service.TaskName}`),
    ...service.Checks.flatMap((check) => [
      ...errorIf(check.TaskName !== "" && !tasks.has(check.TaskName), `Check ${check.Name} invalid: refers to non-existent task ${check.TaskName}`),
      ...errorIf(check.Type === "script" && check.TaskName === "" && service.TaskName === "", `Check ${check.Name} invalid: task is required for script checks`),
    ]),
  ]);
}
