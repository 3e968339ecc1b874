/** @module What a handler of Nomad's HTTP API gets, and the form of a table of them. Every handler asks for the part that it needs. */
import type { Identity } from "../access/authenticate.ts";
import type { Body } from "./body.ts";
import type { AclObjects, ClusterState, JobObjects, Logins, NodeMarks } from "./bridge-deps.ts";
import type { ClientDeps } from "./client/client-deps.ts";
import type { RememberedGauges } from "./cluster/remembered-gauges.ts";
import type { ChangeFeed } from "./blocking/change-feed.ts";
import type { LogLines } from "./monitor/log-lines.ts";
import type { EventBroker } from "./events/event-stream.ts";
import type { AllocationStubs } from "./lists/allocation-stubs.ts";
import type { QueryOptions } from "./query.ts";
import type { Reply } from "./reply.ts";

/** A request that has passed access's table. What it names may still be in a namespace that the caller has no right to. */
export type RequestContext = {
  readonly cluster: ClusterState;
  readonly acl: AclObjects;
  readonly logins: Logins;
  readonly nodes: NodeMarks;
  readonly jobs: JobObjects;
  readonly client: ClientDeps;
  readonly events: EventBroker;
  readonly logLines: LogLines;
  readonly feed: ChangeFeed;
  readonly gauges: RememberedGauges;
  readonly stubs: AllocationStubs;
  readonly query: QueryOptions;
  /** All parameters of the query, for those of one endpoint alone. */
  readonly search: URLSearchParams;
  /** What the endpoint's pattern names. */
  readonly params: Readonly<Record<string, string>>;
  /** {} for a request without a body. Keys are in lower case, of the first level only. */
  readonly body: Body;
  /** Whether the caller has the endpoint's right in that namespace; to be asked for every row and every object that is shown or written. */
  readonly allowsNamespace: (namespace: string) => boolean;
  /** Absent where the endpoint needs none. */
  readonly identity?: Identity;
  /** Who the caller is at that moment, for what goes on after the reply has begun. Undefined: nobody any more. */
  readonly identityNow: () => Identity | undefined;
  /** What the caller presented, for the endpoint that gives it back. */
  readonly secret: string | undefined;
  /** The client's address, for audit lines. */
  readonly source: string;
  /** host:port that this server is reached at. */
  readonly address: string;
  /** Epoch ms. */
  readonly now: number;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
};

export type Handler = (context: RequestContext) => Reply | Promise<Reply>;

/** By "METHOD pattern", as access's table has them. */
export type Routes = Readonly<Record<string, Handler>>;
