/** @module Where artifacts come from and how much of them may come: repositories, buckets, other hosts, a profile's limits. On a real cluster. */
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tarGz } from "../support/archives.ts";
import { eventOf, type FileServer, serveFiles } from "../support/file-server.ts";
import { type GitRepository, gitRepository } from "../support/git-server.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { inTask } from "../support/nomad.ts";
import { s3Bucket } from "../support/s3-server.ts";
import { applyTask, enterWorld, grantProfiles, podsOf, readyPod, shell, type Spec, uidOf, unique, type World } from "../support/world.ts";

const WAIT = 'trap "exit 0" INT; while :; do sleep 1 & wait $!; done';
/** All tasks of this file are on one node at a time. */
const resources = { cpu: 20, memory: 64 };
const WAITING = { ...shell(WAIT), resources };
const HISTORY = `mkdir bin; echo "first" > bin/tool; chmod 755 bin/tool; ln -s bin/tool link; git add -A; git commit -qm one; git tag v1; echo "second" > bin/tool; git commit -qam two`;
const KEYS = { id: "AKIDEXAMPLE", secret: "s3cret+of/the=bucket", region: "us-east-1" };
const PASSWORD = "s3cret-of-git";

let world: World;
let server: FileServer;
let open: GitRepository;
let closed: GitRepository;
let takeProfilesBack: () => Promise<void>;
/** Address of a task that serves a file, in the pods' network: private, and no host that another job names. */
let neighbour: string;
const tight = unique("tight");
const wide = unique("wide");
const plain = unique("plain");

beforeAll(async () => {
  world = await enterWorld("sources");
  open = gitRepository({ path: "/git/", name: "app", script: HISTORY });
  closed = gitRepository({ path: "/closed/", name: "app", password: PASSWORD, script: HISTORY });
  server = await serveFiles(world, {
    "/git/": open.answer,
    "/closed/": closed.answer,
    "/bucket/": s3Bucket(KEYS, { "/bucket/some%20folder/object": "of the bucket\n" }),
    "/to-neighbour": (_request, response) => void response.writeHead(302, { location: `http://${neighbour}:8000/file` }).end(),
    "/three-mib": Buffer.alloc(3 << 20, "x"),
    "/four-files.tar.gz": tarGz({ a: "1", b: "2", c: "3", d: "4" }),
    "/zeros.gz": gzipSync(Buffer.alloc(1 << 20)),
    "/slow": (_request, response) => void response.writeHead(200).write("the beginning"),
  });
  await grantProfiles(world, [{ name: plain }]);
  const serving = await readyPod(world, "neighbour", { ...shell("cd /alloc/data; echo of a neighbour > file; exec python3 -m http.server 8000"), resources, profile: plain });
  neighbour = serving.status?.podIP ?? "";
  takeProfilesBack = await grantProfiles(world, [
    { name: plain },
    { name: tight, artifacts: { maxSizeMiB: 2, maxFiles: 3, maxRatio: 5, timeout: "3s" } },
    { name: wide, artifacts: { allowNetworks: [`${neighbour}/32`] } },
  ]);
});
afterAll(async () => {
  await server.close();
  open.remove();
  closed.remove();
  await takeProfilesBack();
  await world.leave();
});

const url = (path: string) => `${server.address}${path}`;

async function secret(name: string, stringData: Readonly<Record<string, string>>): Promise<void> {
  await kubectlOk(["apply", "-f", "-"], { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: world.namespace }, stringData });
}

describe.concurrent("a repository", () => {
  it("is fetched at the ref that the job names, with its modes and links, and without its history", async () => {
    const artifacts: Spec["artifacts"] = [{ source: `git::${url("/git/app")}`, destination: "local/app", options: { ref: "v1", depth: "1" } }];
    const pod = await readyPod(world, "git-tag", { ...WAITING, profile: plain, artifacts });
    expect(await inTask(uidOf(pod), "git-tag", "cd /local/app; cat bin/tool link; stat -c %a:%u bin/tool; ls -A")).toBe("first\nfirst\n755:65534\nbin\nlink\n");
  });

  it("is fetched with the password of a Secret, and a directory of it alone", async () => {
    await secret("git", { username: "bot", password: PASSWORD });
    const pod = await readyPod(world, "git-closed", { ...WAITING, profile: plain, artifacts: [{ source: `git::${url("/closed/app")}//bin`, credentials: "git" }] });
    expect(await inTask(uidOf(pod), "git-closed", "cat /local/tool; ls -A /local")).toBe("second\ntool\n");
  });

  it("that asks for a password is not fetched without, and the password of a URL is not told", async () => {
    const source = `git::${url("/closed/app").replace("http://", "http://bot:wrong-s3cret@")}`;
    await applyTask(world, "git-refused", { ...WAITING, profile: plain, artifacts: [{ source }] });
    const told = await eventOf(world, "git-refused", /failed to download artifact/);
    expect(told).toMatch(/failed to download artifact "git::http:\/\/.*": .*auth/is);
    expect(told).not.toContain("wrong-s3cret");
  });
});

describe.concurrent("a bucket", () => {
  it("gives an object to a request that is signed with the keys of a Secret", async () => {
    await secret("bucket", { aws_access_key_id: KEYS.id, aws_secret_access_key: KEYS.secret });
    const pod = await readyPod(world, "s3", { ...WAITING, profile: plain, artifacts: [{ source: `s3::${url("/bucket/some%20folder/object")}`, credentials: "bucket" }] });
    expect(await inTask(uidOf(pod), "s3", "cat /local/object")).toBe("of the bucket\n");
  });

  it("gives nothing for another key, and its answer is in the event", async () => {
    await secret("other-keys", { aws_access_key_id: KEYS.id, aws_secret_access_key: "another-s3cret" });
    await applyTask(world, "s3-refused", { ...WAITING, profile: plain, artifacts: [{ source: `s3::${url("/bucket/some%20folder/object")}`, credentials: "other-keys" }] });
    expect(await eventOf(world, "s3-refused", /failed to download artifact/)).toContain('bad response code: 403: "SignatureDoesNotMatch"');
  });
});

describe.concurrent("another private host, to which a server sends on", () => {
  it("is refused, and the event says what would allow it", async () => {
    await applyTask(world, "sent-on", { ...WAITING, profile: plain, artifacts: [{ source: url("/to-neighbour") }] });
    const told = await eventOf(world, "sent-on", /failed to download artifact/);
    expect(told).toContain(`the host "${neighbour}" leads to the private address ${neighbour}; only a host that the source itself names may, or one in the profile's allowNetworks`);
  });

  it("is reached where the profile allows its network", async () => {
    const pod = await readyPod(world, "allowed", { ...WAITING, profile: wide, artifacts: [{ source: url("/to-neighbour") }] });
    expect(await inTask(uidOf(pod), "allowed", "cat /local/to-neighbour")).toBe("of a neighbour\n");
  });

  it("is reached where the job itself names it", async () => {
    const pod = await readyPod(world, "named", { ...WAITING, profile: plain, artifacts: [{ source: `http://${neighbour}:8000/file` }] });
    expect(await inTask(uidOf(pod), "named", "cat /local/file")).toBe("of a neighbour\n");
  });
});

describe.concurrent("the limits of a profile", () => {
  it.each([
    { name: "max-size", path: "/three-mib", says: "it is longer than the 2097152 bytes that the profile allows" },
    { name: "max-files", path: "/four-files.tar.gz", says: "it holds more than 3 files, the most that the profile allows" },
    { name: "max-ratio", path: "/zeros.gz", says: "it unpacks to more than 5 times its size, the most that the profile allows" },
    { name: "timeout", path: "/slow", says: "it takes longer than 3s" },
  ])("are kept: $name", async ({ name, path, says }) => {
    await applyTask(world, name, { ...WAITING, profile: tight, artifacts: [{ source: url(path) }] });
    const told = await eventOf(world, name, /failed to download artifact/);
    expect(told).toContain(`failed to download artifact "${url(path)}": `);
    expect(told).toContain(says);
    const [pod] = await podsOf(world, name);
    expect(pod?.status?.containerStatuses?.[0]?.state?.running).toBeUndefined();
  });
});
