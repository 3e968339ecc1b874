"""Asks a bridge through python-nomad, unmodified, what its users ask a Nomad agent.

Prints a JSON list of {"name", "error"}, where the error of a check that held is null. Configured as a user configures python-nomad:
NOMAD_ADDR and NOMAD_TOKEN (a management token); NOMAD_CACERT is the CA to verify with, and NB_JOB a job with one running allocation.
"""

import base64
import json
import os
import time
import traceback

import nomad
from nomad.api.exceptions import (
    BadRequestNomadException,
    BaseNomadException,
    URLNotAuthorizedNomadException,
    URLNotFoundNomadException,
)

NOWHERE = "00000000-1111-2222-3333-444444444444"
JOB = os.environ["NB_JOB"]
TOKEN = os.environ.pop("NOMAD_TOKEN")


def client(**settings):
    """A client that verifies the server, which python-nomad does not unless it is told to."""
    return nomad.Nomad(verify=os.environ["NOMAD_CACERT"], timeout=30, **settings)


ADMIN = client(token=TOKEN)


def running_allocation():
    """Waits a while: a task that became ready a moment ago may be news to the bridge."""
    for _ in range(50):
        for alloc in ADMIN.job.get_allocations(JOB):
            if alloc["ClientStatus"] == "running":
                return alloc
        time.sleep(0.2)
    raise AssertionError(f"job {JOB} has no running allocation")


def same(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def refused(exception, text, call):
    """The call raises exactly this exception, with the server's text in it."""
    try:
        got = call()
    except BaseNomadException as error:
        same(type(error).__name__, exception.__name__)
        same(error.nomad_resp.text, text)
        return
    raise AssertionError(f"got {got!r}, want {exception.__name__} with {text!r}")


def jobs_are_listed():
    stub = ADMIN.jobs[JOB]
    same((stub["Status"], stub["Type"], stub["JobSummary"]["JobID"]), ("running", "service", JOB))
    assert JOB in ADMIN.jobs
    assert "no-such-job" not in ADMIN.jobs
    assert len(ADMIN.jobs) >= 1


def jobs_are_found_by_prefix_and_namespace():
    assert JOB in [job["ID"] for job in ADMIN.jobs.get_jobs(prefix=JOB[:3])]
    assert JOB in [job["ID"] for job in ADMIN.jobs.get_jobs(namespace="*")]
    same(ADMIN.jobs.get_jobs(namespace="no-such-namespace"), [])


def a_job_is_read():
    job = ADMIN.job.get_job(JOB)
    same((job["ID"], job["Namespace"], job["TaskGroups"][0]["Tasks"][0]["Driver"]), (JOB, "default", "exec"))
    same(ADMIN.job[JOB]["ID"], JOB)
    assert JOB in ADMIN.job


def an_unknown_job_is_not_found():
    refused(URLNotFoundNomadException, "job not found", lambda: ADMIN.job.get_job("no-such-job"))
    assert "no-such-job" not in ADMIN.job


def allocations_are_listed():
    alloc = running_allocation()
    assert alloc["ID"] in [each["ID"] for each in ADMIN.allocations]
    same([each["ID"] for each in ADMIN.allocations.get_allocations(prefix=alloc["ID"][:8])], [alloc["ID"]])


def an_allocation_is_read():
    stub = running_allocation()
    alloc = ADMIN.allocation.get_allocation(stub["ID"])
    same((alloc["JobID"], alloc["ClientStatus"], alloc["NodeName"]), (JOB, "running", stub["NodeName"]))
    assert stub["ID"] in ADMIN.allocation


def an_unknown_allocation_is_not_found():
    refused(URLNotFoundNomadException, "alloc not found", lambda: ADMIN.allocation.get_allocation(NOWHERE))
    assert NOWHERE not in ADMIN.allocation


def nodes_are_listed_and_read():
    alloc = running_allocation()
    same(ADMIN.nodes[alloc["NodeID"]]["Status"], "ready")
    node = ADMIN.node.get_node(alloc["NodeID"])
    same((node["Name"], node["HTTPAddr"]), (alloc["NodeName"], ""))
    assert alloc["NodeName"] in ADMIN.nodes


def an_unknown_node_is_not_found():
    refused(URLNotFoundNomadException, "node not found", lambda: ADMIN.node.get_node(NOWHERE))


def the_agent_describes_itself():
    agent = ADMIN.agent.get_agent()
    same(agent["member"]["Status"], "alive")
    same([agent["config"]["Region"]], ADMIN.regions.get_regions())


def there_is_a_leader_and_it_is_a_peer():
    assert ADMIN.status.leader.get_leader() in ADMIN.status.peers.get_peers()


def acl_objects_live_and_die():
    policy = {"Name": f"python-{os.getpid()}", "Rules": 'namespace "default" { policy = "read" }'}
    ADMIN.acl.create_policy(policy["Name"], policy)
    same(ADMIN.acl.get_policy(policy["Name"])["Rules"], policy["Rules"])
    assert policy["Name"] in [each["Name"] for each in ADMIN.acl.get_policies()]
    token = ADMIN.acl.create_token({"Name": "of a test", "Type": "client", "Policies": [policy["Name"]]})
    try:
        a_reader_reads_and_no_more(token)
    finally:
        same(ADMIN.acl.delete_token(token["AccessorID"]), True)
        same(ADMIN.acl.delete_policy(policy["Name"]), True)
    refused(URLNotFoundNomadException, "ACL token not found", lambda: ADMIN.acl.get_token(token["AccessorID"]))
    refused(URLNotFoundNomadException, "ACL policy not found", lambda: ADMIN.acl.get_policy(policy["Name"]))


def a_reader_reads_and_no_more(token):
    reader = client(token=token["SecretID"])
    same(reader.acl.get_self_token()["AccessorID"], token["AccessorID"])
    same(reader.job.get_job(JOB)["ID"], JOB)
    refused(URLNotAuthorizedNomadException, "Permission denied", reader.acl.get_tokens)
    refused(URLNotAuthorizedNomadException, "Permission denied", reader.nodes.get_nodes)


def a_bad_token_request_is_bad():
    want = "token 0 invalid: 1 error occurred:\n\t* client token missing policies or roles\n\n"
    refused(BadRequestNomadException, want, lambda: ADMIN.acl.create_token({"Type": "client"}))


def without_a_token_nothing_is_read():
    anonymous = client()
    for call in (anonymous.jobs.get_jobs, anonymous.allocations.get_allocations, anonymous.nodes.get_nodes, anonymous.acl.get_tokens):
        refused(URLNotAuthorizedNomadException, "Permission denied", call)
    refused(URLNotAuthorizedNomadException, "Permission denied", lambda: anonymous.job.get_job(JOB))


def an_unknown_token_reads_nothing():
    stranger = client(token=NOWHERE)
    refused(URLNotAuthorizedNomadException, "Permission denied", stranger.jobs.get_jobs)
    refused(URLNotAuthorizedNomadException, "Permission denied", stranger.agent.get_agent)


def another_region_has_no_path():
    refused(BaseNomadException, "No path to region", client(token=TOKEN, region="no-such-region").jobs.get_jobs)


def task_of(alloc):
    return next(iter(alloc["TaskStates"]))


def frames_of(text):
    """Nomad sends JSON objects one behind the other, without anything between."""
    decoder, place, frames = json.JSONDecoder(), 0, []
    while place < len(text):
        frame, place = decoder.raw_decode(text, place)
        frames.append(frame)
    return frames


def logs_are_streamed():
    alloc = running_allocation()
    task = task_of(alloc)
    plain = ADMIN.client.stream_logs.stream(alloc["ID"], task, "stdout", plain=True)
    assert plain.startswith("hello from the task\n"), plain
    frame = frames_of(ADMIN.client.stream_logs.stream(alloc["ID"], task, "stderr"))[0]
    same((base64.b64decode(frame["Data"])[:17], frame["File"]), (b"a word on stderr\n", f"alloc/logs/{task}.stderr.0"))
    same(ADMIN.client.stream_logs.stream(alloc["ID"], task, "stderr", offset=1, origin="end", plain=True), "\n")
    refused(BadRequestNomadException, 'unknown task name "none"', lambda: ADMIN.client.stream_logs.stream(alloc["ID"], "none", "stdout"))


def files_are_listed_described_and_read():
    alloc = running_allocation()
    task = task_of(alloc)
    same([each["Name"] for each in ADMIN.client.ls.list_files(alloc["ID"])], ["alloc", task])
    log = f"alloc/logs/{task}.stderr.0"
    described = ADMIN.client.stat.stat_file(alloc["ID"], log)
    same((described["Name"], described["IsDir"]), (f"{task}.stderr.0", False))
    whole = ADMIN.client.cat.read_file(alloc["ID"], log)
    assert whole.startswith("a word on stderr\n"), whole
    same(ADMIN.client.read_at.read_file_offset(alloc["ID"], 2, 4, log), "word")
    refused(URLNotFoundNomadException, "stat nope: no such file or directory", lambda: ADMIN.client.stat.stat_file(alloc["ID"], "nope"))
    refused(BadRequestNomadException, "Path escapes the alloc directory", lambda: ADMIN.client.cat.read_file(alloc["ID"], "../x"))
    refused(URLNotFoundNomadException, f'Unknown allocation "{NOWHERE}"', lambda: ADMIN.client.ls.list_files(NOWHERE))


def usage_is_told_and_signals_arrive():
    alloc = running_allocation()
    usage = ADMIN.client.allocation.read_allocation_stats(alloc["ID"])
    assert usage["Tasks"][task_of(alloc)]["ResourceUsage"]["MemoryStats"]["RSS"] > 0
    same(type(ADMIN.client.allocation.signal_allocation(alloc["ID"], "SIGHUP")), dict)
    same(type(ADMIN.client.allocation.restart_allocation(alloc["ID"])), dict)


CHECKS = [
    jobs_are_listed,
    jobs_are_found_by_prefix_and_namespace,
    a_job_is_read,
    an_unknown_job_is_not_found,
    allocations_are_listed,
    an_allocation_is_read,
    an_unknown_allocation_is_not_found,
    nodes_are_listed_and_read,
    an_unknown_node_is_not_found,
    the_agent_describes_itself,
    there_is_a_leader_and_it_is_a_peer,
    acl_objects_live_and_die,
    a_bad_token_request_is_bad,
    without_a_token_nothing_is_read,
    an_unknown_token_reads_nothing,
    another_region_has_no_path,
    logs_are_streamed,
    files_are_listed_described_and_read,
    usage_is_told_and_signals_arrive,
]


def outcome(check):
    try:
        check()
    except Exception:  # Whatever went wrong is what this check has to report.
        return {"name": check.__name__.replace("_", " "), "error": traceback.format_exc(limit=-4)}
    return {"name": check.__name__.replace("_", " "), "error": None}


if __name__ == "__main__":
    running_allocation()
    print(json.dumps([outcome(check) for check in CHECKS]))
