import { describe, expect, it } from "vitest";
import { dockerConfig } from "../../../../src/mapping/job/docker-config.ts";

const read = (config: Readonly<Record<string, unknown>>, user = "app") => dockerConfig({ Config: { image: "nginx:1", command: "x", ...config }, User: user }, "C");

describe("the config of the driver docker", () => {
  it.each<[string, Readonly<Record<string, unknown>>, object]>([
    ["a command", { args: ["-a", 1] }, { command: "x", args: ["-a", "1"] }],
    ["an entrypoint", { entrypoint: ["/bin/sh", "-c"], args: ["b"] }, { command: "/bin/sh", args: ["-c", "x", "b"] }],
    ["an entrypoint as text, without a command", { entrypoint: "/run", command: null, args: ["b"] }, { command: "/run", args: ["b"] }],
    ["settings", { work_dir: "/w", cap_add: ["net_raw"], pid_mode: "host", ipc_mode: "private", force_pull: true }, { workDir: "/w", capAdd: ["net_raw"], pidMode: "host", ipcMode: "", pull: "Always" }],
    ["what is not set", { volumes: [], privileged: false, mounts: null, devices: {} }, { image: "nginx:1", pull: "IfNotPresent" }],
  ])("says %s", (_what, config, value) => expect(read(config)).toMatchObject({ ok: true, value: { value } }));

  it.each<[string, Readonly<Record<string, unknown>>, string | RegExp]>([
    ["no image", { image: "" }, /^C\.image: /], ["a variable for an image", { image: "${X}" }, /^C\.image: "\$\{X\}" is no name of an image/], ["an image that begins as an option does", { image: "-v" }, /^C\.image: /],
    ["no command", { command: null }, /^C\.command: the image's own entrypoint is not known here/], ["no command, but args", { command: null, args: ["x"] }, /^C\.command: /],
    ["a path of the node", { volumes: ["/:/host"] }, /^C\.volumes: a task is given nothing of its node/], ["mounts", { mount: [{ type: "bind" }] }, /^C\.mount: /], ["devices", { devices: [{}] }, /^C\.devices: /],
    ["privileges", { privileged: true }, "C.privileged: no task is given a privileged container"], ["a key that docker has not", { port_map: [{}] }, /^C\.port_map: failed to parse config: Invalid label/],
  ])("is refused with %s", (_what, config, text) => {
    const result = read(config);
    expect(result.ok ? "" : result.error.message).toEqual(typeof text === "string" ? text : expect.stringMatching(text));
  });

  it("tells what it passes over, and who the task runs as", () => {
    const result = read({ ulimit: [{ nofile: 1 }], auth: [{ username: "u" }], init: true }, "");
    expect(result.ok && result.value.findings.map(({ level, path }) => `${level} ${path}`)).toEqual(["lost C.ulimit", "weaker C.auth", "decision C.image", "decision C.image"]);
  });
});
