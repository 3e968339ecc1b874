/** @module Events of services: an allocation that comes to run registers its own, and one that ends takes them back. Used by main, which hears of the changes. */
import type { Pod } from "../../api/pod.ts";
import type { ServiceRegistration } from "../../mapping/job/service-registrations.ts";
import type { Allocation } from "../bridge-deps.ts";
import { registrationsOf } from "../cluster/services.ts";
import type { EventContext, ObjectChange } from "./cluster-events.ts";
import type { EventType, NomadEvent } from "./event.ts";

/** @param allocation with the job that owns it; undefined when that is gone: nothing is known of its services then */
export function serviceEvents(context: EventContext, { type, object, previous }: ObjectChange<Pod>, allocation: Allocation | undefined): readonly NomadEvent[] {
  if (allocation === undefined) return [];
  const registered = (pod: Pod) => registrationsOf({ cluster: context.cluster, now: context.now() }, { ...allocation, pod });
  const before = type === "deleted" ? registered(object) : previous === undefined ? [] : registered(previous);
  const after = type === "deleted" ? [] : registered(object);
  const isIn = (all: readonly ServiceRegistration[]) => (one: ServiceRegistration) => all.some(({ ID }) => ID === one.ID);
  const event = (kind: EventType, Service: ServiceRegistration): NomadEvent => ({
    topic: "Service",
    type: kind,
    key: Service.ID,
    namespace: Service.Namespace,
    filterKeys: [Service.JobID, Service.ServiceName],
    index: context.index,
    payload: () => ({ Service }),
  });
  return [
    ...before.filter((each) => !isIn(after)(each)).map((each) => event("ServiceDeregistration", each)),
    ...after.filter((each) => !isIn(before)(each)).map((each) => event("ServiceRegistration", each)),
  ];
}
