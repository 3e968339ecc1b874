/** @module The job files that the stock CLI submits to both servers. Pure. */

const task = (script: string, more = ""): string => `
      driver = "exec"
      config {
        command = "/bin/sh"
        args    = ["-c", ${JSON.stringify(script)}]
      }
      resources {
        cpu    = 50
        memory = 32
      }
      ${more}`;

const SERVES = "echo hello; echo oops >&2; trap 'echo got HUP' HUP; trap 'exit 0' INT TERM; while :; do sleep 1; done";

const service = (count: number, env: string): string => `
job "web" {
  group "app" {
    count = ${count}
    update {
      min_healthy_time = "1s"
      healthy_deadline = "1m"
    }
    task "server" {${task(SERVES, `env {
        COLOUR = "${env}"
      }`)}
    }
  }
}
`;

const batch = (id: string, script: string, more = ""): string => `
job "${id}" {
  type = "batch"
  ${more}
  group "work" {
    restart {
      attempts = 0
      mode     = "fail"
    }
    reschedule {
      attempts  = 0
      unlimited = false
    }
    task "work" {${task(script)}
    }
  }
}
`;

/** By file name. */
export const JOB_FILES: Readonly<Record<string, string>> = {
  "web.nomad": service(2, "red"),
  "web-3.nomad": service(3, "red"),
  "web-blue.nomad": service(2, "blue"),
  "sums.nomad": batch("sums", "echo 42"),
  "broken.nomad": batch("broken", "echo no >&2; exit 3"),
  "nightly.nomad": batch("nightly", "echo night", 'periodic {\n    cron = "0 3 * * *"\n  }'),
  "render.nomad": batch("render", "echo $NOMAD_META_FRAME; cat local/in", 'parameterized {\n    meta_required = ["FRAME"]\n    meta_optional = ["SIZE"]\n    payload = "optional"\n  }'),
  "huge.nomad": service(1, "red").replace('job "web"', 'job "huge"').replace("memory = 32", "memory = 900000"),
  "elsewhere.nomad": service(1, "red").replace('job "web" {', 'job "elsewhere" {\n  datacenters = ["mars"]'),
  "syntax.nomad": 'job "x" {\n  group "g" {\n',
  "unknown.nomad": 'job "x" {\n  colour = "red"\n}\n',
  "empty-job.nomad": 'job "x" {\n}\n',
  "no-driver.nomad": 'job "x" {\n  group "g" {\n    task "t" {\n    }\n  }\n}\n',
  "needs-variable.nomad": 'variable "image" {\n  type = string\n}\njob "x" {\n  meta {\n    image = var.image\n  }\n}\n',
};
