/** @module How fast job files are read and evaluated: HCL alone, without any cluster. */
import { evaluateHcl } from "../src/nomad/hcl/evaluate.ts";
import { type HclLimits, parseHcl } from "../src/nomad/hcl/parse.ts";
import type { Row } from "./report.ts";
import { median, timed } from "./statistics.ts";

const JOBS = 2000;
const REPEATS = 7;
const LIMITS: HclLimits = { maxChars: 100_000_000, maxDepth: 64 };

export async function measureHclRate(): Promise<readonly Row[]> {
  const text = Array.from({ length: JOBS }, (_, index) => jobFile(index)).join("");
  const parse = await rate(text, () => parseHcl(text, "hcl2", LIMITS).ok);
  const evaluate = await rate(text, () => evaluateHcl({ name: "bench.hcl", text }, { limits: LIMITS, maxSteps: 1e9 }).ok);
  return [
    { measure: `HCL read, no cluster, median of ${REPEATS}`, bridge: `${parse.toFixed(1)} MB/s`, direct: "", compared: "", target: "≥ 5 MB/s" },
    { measure: `HCL read and evaluated, no cluster, median of ${REPEATS}`, bridge: `${evaluate.toFixed(1)} MB/s`, direct: "", compared: "", target: "" },
  ];
}

/** Megabytes a second. */
async function rate(text: string, read: () => boolean): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    took.push(await timed(async () => {
      if (!read()) throw new Error("the bench's own job file was refused");
    }));
  }
  return text.length / 1e3 / median(took);
}

const jobFile = (index: number): string => `job "web-${index}" {
  datacenters = ["dc1", "dc2"]
  type        = "service"
  # A comment about this job.
  group "app" {
    count = 3 * 2
    network {
      port "http" { to = 8080 }
    }
    task "server" {
      driver = "exec"
      config {
        command = "/usr/bin/server"
        args    = ["-listen", "\${NOMAD_ADDR_http}", "-name", "web-\${upper("x")}-\${NOMAD_ALLOC_INDEX}"]
      }
      env {
        LOG_LEVEL = true ? "info" : "debug"
        HOME      = "\${env["HOME"]}/data"
      }
      template {
        destination = "local/config.yaml"
        data        = <<-EOT
          listen: {{ env "NOMAD_PORT_http" }}
          workers: 4
          message: a template of some length, as job files have it
        EOT
      }
      resources {
        cpu    = 500
        memory = 256
      }
    }
  }
}
`;
