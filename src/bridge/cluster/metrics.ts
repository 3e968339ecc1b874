/**
 * @module Metrics under Nomad's own names, as JSON or for Prometheus: gauges that are counted when they are asked for. As on Nomad they need
 * no token. Used by http-app.ts. Source: developer.hashicorp.com/nomad/docs/reference/metrics
 */
import { json, type Reply, stream } from "../reply.ts";
import { jobSummary } from "../../mapping/job-summary.ts";
import type { RequestContext, Routes } from "../request-context.ts";
import { clientGauges } from "./client-gauges.ts";
import type { Gauge } from "./remembered-gauges.ts";

const SUMMARY = ["Queued", "Complete", "Failed", "Running", "Starting", "Lost", "Unknown"] as const;
const STATUSES = ["pending", "running", "dead"] as const;

function metrics(context: RequestContext): Reply {
  const gauges = context.gauges(context.now, () => gaugesOf(context));
  if (context.search.get("format") !== "prometheus") return json({ Timestamp: new Date(context.now).toISOString().replace("T", " ").replace(/\.\d+Z/, " +0000 UTC"), Gauges: gauges.map(jsonGauge), Points: [], Counters: [], Samples: [] });
  return stream("text/plain; version=0.0.4; charset=utf-8", new Blob([expositionOf(gauges)]).stream());
}

const jsonGauge = ({ name, value, labels }: Gauge) => ({ Name: name, Value: value, Labels: labels });

function gaugesOf(context: RequestContext): readonly Gauge[] {
  const { cluster, now, feed } = context;
  const byStatus = new Map<string, number>(STATUSES.map((status) => [status, 0]));
  const ofGroups: Gauge[] = [];
  for (const record of cluster.jobs("*")) {
    const job = cluster.nomadJob(record);
    if (job === undefined) continue;
    byStatus.set(job.Status, (byStatus.get(job.Status) ?? 0) + 1);
    const { Summary } = jobSummary({ job, record, pods: cluster.allocationsOf(record).map(({ pod }) => pod), now });
    for (const [group, summary] of Object.entries(Summary)) {
      const labels = { job: job.ID, namespace: job.Namespace, task_group: group };
      ofGroups.push(...SUMMARY.map((key) => ({ name: `nomad.nomad.job_summary.${key.toLowerCase()}`, value: summary[key], labels })));
    }
  }
  return [
    ...[...byStatus].map(([status, value]) => ({ name: `nomad.nomad.job_status.${status}`, value, labels: {} })),
    ...ofGroups,
    ...clientGauges(context),
    { name: "nomad_bridge.blocking_queries", value: feed.waiting(), labels: {} },
  ];
}

/** Prometheus' text format: a name once with its type, then its values. */
function expositionOf(gauges: readonly Gauge[]): string {
  const byName = Map.groupBy(gauges, ({ name }) => name.replaceAll(/[^a-zA-Z0-9_]/g, "_"));
  return [...byName].map(([name, values]) => [`# HELP ${name} ${name}`, `# TYPE ${name} gauge`, ...values.map((gauge) => `${name}${labelsOf(gauge)} ${gauge.value}`), ""].join("\n")).join("");
}

function labelsOf({ labels }: Gauge): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

export const METRIC_ROUTES: Routes = { "GET /v1/metrics": metrics };
