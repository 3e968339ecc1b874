/** @module The root file systems that a task may have: the node's directories, a private copy of them, an image. Seen from inside, on a real cluster. */
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { inTask } from "../support/nomad.ts";
import { smallChroot } from "../support/small-chroot.ts";
import { applyTask, conditionBecomes, enterWorld, grantProfiles, readyPod, taskNow, uidOf, type World } from "../support/world.ts";

let world: World;
let takeProfilesBack: () => Promise<void>;
const profile = (kind: string) => `${world.namespace}-${kind}`;
const COPY = {
  type: "hostCopy" as const,
  directories: [{ host: "/usr/share/doc/bash", task: "/usr/share/doc/bash" }],
  files: [...smallChroot(["sh", "ls", "cat", "cp", "tail", "grep", "sleep", "true"]), { host: "/etc/passwd" }],
};
beforeAll(async () => {
  world = await enterWorld("chroot");
  takeProfilesBack = await grantProfiles(world, [
    { name: profile("copy"), chroot: COPY },
    { name: profile("gap"), chroot: { type: "host", directories: [{ host: "/bin" }, { host: "/lib" }, { host: "/lib64" }, { host: "/usr" }, { host: "/opt/not-there" }], files: [{ host: "/etc/passwd" }, { host: "/etc/not-there" }] } },
    { name: profile("moved"), chroot: { type: "host", directories: [{ host: "/bin" }, { host: "/lib" }, { host: "/lib64" }, { host: "/usr" }, { host: "/usr/share/doc", task: "/docs" }], files: [{ host: "/etc/passwd" }] } },
    { name: profile("plain") },
  ]);
});
afterAll(async () => {
  await takeProfilesBack();
  await world.leave();
});

describe.concurrent("a chroot of kind hostCopy", () => {
  it("can be written, and neither the node nor another task sees it", async () => {
    const [one, other] = await Promise.all([readyPod(world, "one", { profile: profile("copy") }), readyPod(world, "other", { profile: profile("copy") })]);
    const write = "echo changed >> /etc/passwd; echo new > /usr/share/doc/bash/nb-new-file; cp /bin/sh /usr/share/doc/bash/nb-sh && /usr/share/doc/bash/nb-sh -c 'ls /usr/share/doc/bash/nb-*'";
    expect(await inTask(uidOf(one), "one", write)).toBe("/usr/share/doc/bash/nb-new-file\n/usr/share/doc/bash/nb-sh\n");
    expect(await inTask(uidOf(other), "other", "tail -n 1 /etc/passwd | grep -c changed; ls /usr/share/doc/bash/nb-* 2>/dev/null || true")).toBe("0\n");
    expect([existsSync("/usr/share/doc/bash/nb-new-file"), readFileSync("/etc/passwd", "utf8").includes("changed")]).toEqual([false, false]);
  });
});

describe.concurrent("a chroot of kind host", () => {
  it("leaves out what the node does not have, and says so", async () => {
    const pod = await readyPod(world, "gap", { profile: profile("gap") });
    expect(await inTask(uidOf(pod), "gap", "ls -d /opt/not-there /etc/not-there 2>/dev/null; echo looked")).toBe("looked\n");
    const findings = (await taskNow(world, "gap")).status?.findings ?? [];
    const messages = findings.map(({ message }) => message).join("\n");
    expect(messages).toContain("/opt/not-there");
    expect(messages).toContain("/etc/not-there");
  });

  it("has a directory of the node where the profile puts it", async () => {
    const pod = await readyPod(world, "moved", { profile: profile("moved") });
    expect(await inTask(uidOf(pod), "moved", "[ -d /docs ] && echo there; touch /docs/x 2>/dev/null || echo read-only")).toBe("there\nread-only\n");
  });

  it("may be narrowed by a task, and not widened", async () => {
    const pod = await readyPod(world, "narrow", { profile: profile("plain"), chrootPaths: ["/bin", "/lib", "/lib64", "/usr", "/etc/passwd"] });
    expect(await inTask(uidOf(pod), "narrow", "cat /etc/group 2>/dev/null; ls /etc | tr '\\n' ' '; ls -d /usr")).toBe("hostname hosts passwd resolv.conf /usr\n");
    await applyTask(world, "wide", { profile: profile("plain"), chrootPaths: ["/usr", "/home"] });
    expect((await conditionBecomes(world, "wide", { type: "Accepted", status: "False" })).message).toContain("/home");
  });
});

describe("the profile decides the kind", () => {
  it("and a task that asks for another is refused", async () => {
    await applyTask(world, "wants-image", { profile: profile("plain"), chroot: "image" });
    expect((await conditionBecomes(world, "wants-image", { type: "Accepted", status: "False" })).message).toMatch(/image/);
  });

  it("an image's file system is the root, and the launcher stands in front of the task", async () => {
    const back = await grantProfiles(world, [{ name: profile("image"), chroot: { type: "image", image: inject("launcherImage") } }]);
    const pod = await readyPod(world, "image", { profile: profile("image"), command: "/nomad-bridge/launcher", args: ["pause"], user: "1234" });
    expect(pod.status?.containerStatuses?.[0]?.ready).toBe(true);
    await back();
  });
});
