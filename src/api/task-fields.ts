/** @module The fields that every task of a group has, the ExecTask's own and the others beside it. Used by the ExecTask schema. */
import * as z from "zod";
import { SIGNAL_NAMES } from "../nomad/driver/signals.ts";
import { absolutePathRule, argText, capabilityList, durationText, stringMap } from "./schema-parts.ts";

const MAX_TEMPLATE = 65_536;

const resources = z
  .object({
    cpu: z.int().min(1).max(1_000_000).default(100).describe("CPU in MHz. A share, never a hard limit, as on Nomad."),
    cores: z.int().min(1).max(1024).optional().describe("Whole CPU cores, reserved. Takes the place of cpu."),
    memory: z.int().min(10).max(16_777_216).default(300).describe("Memory in MiB: what is reserved, and the limit unless memoryMax is set."),
    memoryMax: z.int().min(10).max(16_777_216).optional().describe("Memory limit in MiB, where the task may use more than it reserves."),
    secrets: z.int().min(1).max(16_384).default(1).describe("Size of /secrets in MiB. It lives in memory."),
  })
  .meta({
    "x-kubernetes-validations": [
      { rule: "!has(self.memoryMax) || self.memoryMax >= self.memory", message: "memoryMax must be at least memory" },
    ],
  });

const restart = z.object({
  attempts: z.int().min(0).max(1000).default(2).describe("Restarts allowed within one interval."),
  interval: durationText("30m").describe("The interval that attempts are counted in."),
  delay: durationText("15s").describe("Wait before a restart; up to a quarter is added at random."),
  mode: z.enum(["fail", "delay"]).default("fail").describe("After the last attempt: fail the allocation, or wait for the next interval."),
  renderTemplates: z.boolean().default(false).describe("Whether templates are rendered anew when the task is restarted."),
});

const artifact = z.object({
  source: z.string().min(1).max(4096).describe("Where it is: http(s)://…, git::…, s3::https://…, with //sub/directory and ?options as on Nomad. Interpolated."),
  destination: z.string().max(1024).default("local/").describe("Where it goes, below the task's directory; ../alloc/… is the directory shared by the group."),
  mode: z.enum(["any", "file", "dir"]).default("any").describe("any unpacks archives by their extension; file and dir say what must come out."),
  options: stringMap(16, 1024).default({}).describe("Options such as checksum, archive, ref, depth."),
  headers: stringMap(32, 4096).default({}).describe("HTTP headers. Secret ones belong in credentials."),
  insecure: z.boolean().default(false).describe("Does not verify the server's TLS certificate."),
  chown: z.boolean().default(false).describe("Whether the files belong to the task's user. Here they always do."),
  credentials: z
    .string()
    .min(1)
    .max(253)
    .optional()
    .describe("Name of a Secret of this namespace: username and password, aws_access_key_id and aws_secret_access_key, ssh-privatekey, header.<Name>."),
});

const template = z
  .object({
    data: z.string().max(MAX_TEMPLATE).optional().describe("The template itself, in consul-template's language."),
    source: z.string().min(1).max(1024).optional().describe("Or a file below the task's directory that holds it, such as one that an artifact brings."),
    destination: z.string().min(1).max(1024).describe("The file to write, below the task's directory."),
    changeMode: z.enum(["noop", "restart", "signal"]).default("restart").describe("What follows when the rendered file changes."),
    changeSignal: z.enum(SIGNAL_NAMES).optional().describe("The signal of changeMode signal."),
    once: z.boolean().default(false).describe("Rendered once, and never looked at again."),
    splay: durationText("5s").describe("A random wait, up to this long, before changeMode acts."),
    perms: z.string().regex(/^[0-7]{3,4}$/, 'must be an octal mode such as "0644"').default("0644").describe("Mode of the file."),
    uid: z.int().min(0).max(4_294_967_294).optional().describe("Owner of the file. Default: 0."),
    gid: z.int().min(0).max(4_294_967_294).optional().describe("Group of the file. Default: 0."),
    leftDelimiter: z.string().min(1).max(16).default("{{").describe("What opens an action."),
    rightDelimiter: z.string().min(1).max(16).default("}}").describe("What closes an action."),
    env: z.boolean().default(false).describe("Whether the file's lines NAME=value become environment variables of the task."),
    errMissingKey: z.boolean().default(false).describe("Fails on a key that a map does not have, instead of printing <no value>."),
  })
  .meta({
    "x-kubernetes-validations": [
      { rule: "has(self.data) != has(self.source)", message: "a template needs either data or source" },
      { rule: "self.changeMode != 'signal' || has(self.changeSignal)", message: "changeMode signal needs changeSignal" },
    ],
  });

const volumeMount = z.object({
  volume: z.string().min(1).max(63).describe("Name of one of the volumes."),
  destination: z.string().min(2).max(1024).meta(absolutePathRule("destination")).describe("Absolute path in the task."),
  readOnly: z.boolean().default(false).describe("Whether the task may only read it."),
  propagationMode: z
    .enum(["private", "host-to-task", "bidirectional"])
    .default("private")
    .describe("Whether later mounts on the node are seen in the task, and the other way round."),
});

const logs = z.object({
  maxFiles: z.int().min(1).max(100).default(10).describe("How many files of each stream are kept in /alloc/logs."),
  maxFileSize: z.int().min(1).max(1024).default(10).describe("Size of one of them in MB."),
  disabled: z.boolean().default(false).describe("Keeps no output, neither in /alloc/logs nor for kubectl logs."),
});

const dispatchPayload = z.object({
  file: z.string().min(1).max(253).regex(/^[^/].*$/, "must be a path below local/").describe("File below local/ that the payload is written to before the task starts."),
  secretName: z.string().min(1).max(253).describe("Secret of this namespace that holds the payload, 16 KiB at most."),
  secretKey: z.string().min(1).max(253).default("payload").describe("Its key."),
});

export const taskFields = {
  command: z
    .string()
    .min(1)
    .max(4096)
    .meta({
      "x-kubernetes-validations": [
        {
          rule: "!self.split('/').exists(part, part == '..')",
          messageExpression: `'command "' + self + '" contains "..": write the path that it resolves to'`,
        },
      ],
    })
    .describe("What to run, without a shell. Searched in local/, /, the mounts, then usr/local/bin, usr/bin and bin, as Nomad does."),
  args: z.array(argText).max(1024).default([]).describe("Arguments. ${…} is interpolated as in Nomad's driver config."),
  env: stringMap(1024, 65_536).default({}).describe("Environment variables of the task, beside those of Nomad. ${…} is interpolated."),
  user: z
    .string()
    .max(64)
    .default("")
    .describe("User to run as: a name from the profile's table or the chroot's passwd, or a numeric uid. Default: the driver's, nobody; with raw_exec, root."),
  capAdd: capabilityList.default([]).describe("Linux capabilities to add; each must be in the profile's allowCaps."),
  capDrop: capabilityList.default([]).describe('Linux capabilities to drop; "all" drops the defaults.'),
  workDir: z
    .string()
    .max(4096)
    .default("")
    .meta(absolutePathRule("work_dir"))
    .describe("Absolute working directory of the task and of alloc exec. Default: /."),
  artifacts: z.array(artifact).max(32).default([]).describe("Files to fetch before the task starts."),
  artifactSource: z.string().min(1).max(4096).optional().describe("The exec driver's artifact_source of Nomad 0.2: one file, made executable. $NAME is interpolated too, as then."),
  checksum: z.string().min(1).max(256).optional().describe("The exec driver's checksum of Nomad 0.2, for artifactSource: type:value."),
  templates: z.array(template).max(32).default([]).describe("Files to render before the task starts, and while it runs."),
  volumeMounts: z.array(volumeMount).max(32).default([]).describe("Which volumes the task sees, and where."),
  dispatchPayload: dispatchPayload.optional().describe("Where the payload of a dispatched job is written."),
  resources: resources.prefault({}).describe("What the task needs."),
  meta: stringMap(256, 16_384).default({}).describe("Metadata, given to the task as NOMAD_META_<key>."),
  logs: logs.prefault({}).describe("Rotation of the task's output in /alloc/logs."),
  killSignal: z.enum(SIGNAL_NAMES).default("SIGINT").describe("Signal that asks the task to stop."),
  killTimeout: durationText("5s").describe("Time between the kill signal and SIGKILL."),
  shutdownDelay: durationText("0s").describe("Wait between leaving service discovery and the kill signal."),
  restart: restart.prefault({}).describe("What happens in place when the task ends."),
  leader: z.boolean().default(false).describe("Whether the end of this task ends the others of its group."),
} as const;

const lifecycle = z.object({
  hook: z.enum(["prestart", "poststart", "poststop"]).describe("Before the main tasks, when they have started, or when they have all ended."),
  sidecar: z.boolean().default(false).describe("Whether it runs as long as the main tasks do. Without effect on poststop."),
});

/** Another task of the same group: it shares the pod, its network and /alloc. */
export const groupTask = z.object({
  name: z.string().min(1).max(63).regex(/^[^/\\\s]+$/, "must be without slashes and spaces").describe("Name of the task, unique in the group."),
  lifecycle: lifecycle.optional().describe("When it runs. Absent: it is a main task."),
  ...taskFields,
});

const taskSpec = z.object(taskFields);

/** One task with all defaults filled in, whichever of the group it is. */
export type TaskSpec = z.output<typeof taskSpec>;
/** @public */
export type GroupTask = z.output<typeof groupTask>;
export type ArtifactSpec = TaskSpec["artifacts"][number];
export type TemplateSpec = TaskSpec["templates"][number];
