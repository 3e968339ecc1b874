import { describe, expect, it } from "vitest";
import { maySubscribe, mayReadTopic } from "../../../src/access/event-access.ts";
import { compileAcl, MANAGEMENT_ACL } from "../../../src/nomad/acl/acl.ts";
import { parsePolicy } from "../../../src/nomad/acl/parse-policy.ts";
import { EVENT_TOPICS } from "../../../src/nomad/event-topics.ts";

function aclOf(rules: string) {
  const policy = parsePolicy(rules, "strict");
  if (!policy.ok) throw new Error(policy.error);
  return compileAcl([policy.value]);
}

const READER = aclOf('namespace "default" { policy = "read" }');
const NODES = aclOf('node { policy = "read" }');

describe("an event", () => {
  it.each([
    { who: "a reader of jobs", acl: READER, namespace: "default", topics: ["Allocation", "Deployment", "Evaluation", "Job", "Service"] },
    { who: "a reader of jobs elsewhere", acl: READER, namespace: "prod", topics: [] },
    { who: "a reader of nodes", acl: NODES, namespace: "", topics: ["Node", "NodePool"] },
    { who: "management", acl: MANAGEMENT_ACL, namespace: "prod", topics: EVENT_TOPICS },
  ])("is for $who if it is of $topics", ({ acl, namespace, topics }) => {
    expect(EVENT_TOPICS.filter((topic) => mayReadTopic(acl, topic, namespace))).toEqual(topics);
  });
});

describe("a subscription", () => {
  const topic = (name: (typeof EVENT_TOPICS)[number] | "*") => ({ topic: name, key: "*" });
  it.each([
    { title: "of what may be read", acl: READER, topics: [topic("Job"), topic("Allocation")], namespace: "default", may: true },
    { title: "of every namespace, where one may be read", acl: READER, topics: [topic("Job")], namespace: "*", may: true },
    { title: "of one topic too many", acl: READER, topics: [topic("Job"), topic("Node")], namespace: "default", may: false },
    { title: "of everything", acl: READER, topics: [topic("*")], namespace: "default", may: false },
    { title: "of everything, by management", acl: MANAGEMENT_ACL, topics: [topic("*")], namespace: "*", may: true },
  ])("$title is let in: $may", ({ acl, topics, namespace, may }) => {
    expect(maySubscribe(acl, topics, namespace)).toBe(may);
  });
});
