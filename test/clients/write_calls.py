"""Runs jobs through python-nomad, unmodified: parse, plan, register, scale, deployments, evaluations, dispatch, events and the end of it all.

Prints a JSON list as read_calls.py does, and is configured as it is. It makes jobs of its own and takes them away.
"""

import base64
import json
import os
import queue
import time

from nomad.api.exceptions import BadRequestNomadException, BaseNomadException, URLNotAuthorizedNomadException, URLNotFoundNomadException
from read_calls import ADMIN, NOWHERE, client, outcome, refused, same

ID = f"python-{os.getpid()}"
PARENT = f"{ID}-parent"
SECOND = 1_000_000_000

HCL = f"""
job "{ID}" {{
  datacenters = ["dc1"]
  group "web" {{
    count = 1
    update {{
      min_healthy_time = "1s"
      healthy_deadline = "1m"
    }}
    task "server" {{
      driver = "exec"
      config {{
        command = "/bin/sh"
        args    = ["-c", "trap 'exit 0' INT; while :; do sleep 60 & wait $!; done"]
      }}
      resources {{
        cpu    = 50
        memory = 64
      }}
    }}
  }}
}}
"""


def eventually(ask):
    """The first answer that is something, within a minute."""
    for _ in range(300):
        got = ask()
        if got:
            return got
        time.sleep(0.2)
    raise AssertionError("it never came to be")


def evaluated(eval_id):
    def ended():
        evaluation = ADMIN.evaluation.get_evaluation(eval_id)
        return evaluation if evaluation["Status"] != "pending" else None

    return eventually(ended)


def batch(task):
    whole = {"Driver": "exec", "Name": "once", "Resources": {"CPU": 50, "MemoryMB": 64}, **task}
    return {"ID": PARENT, "Name": PARENT, "Type": "batch", "Datacenters": ["dc1"], "TaskGroups": [{"Name": "once", "Tasks": [whole]}]}


def a_job_is_parsed():
    job = ADMIN.jobs.parse(HCL, canonicalize=True)
    same((job["ID"], job["Type"], job["TaskGroups"][0]["Update"]["MinHealthyTime"]), (ID, "service", SECOND))
    for broken in ("job {", 'job "x" { nothing = 1 }'):
        try:
            ADMIN.jobs.parse(broken)
            raise AssertionError("it was parsed")
        except BadRequestNomadException:
            pass


def a_job_is_validated_and_planned():
    job = ADMIN.jobs.parse(HCL)
    reply = ADMIN.validate.validate_job({"Job": job}).json()
    same((reply["DriverConfigValidated"], reply["ValidationErrors"]), (True, None))
    plan = ADMIN.job.plan_job(ID, {"Job": job}, diff=True)
    same((plan["Diff"]["Type"], plan["Annotations"]["DesiredTGUpdates"]["web"]["Place"]), ("Added", 1))
    refused(BadRequestNomadException, "Job ID does not match", lambda: ADMIN.job.plan_job("another", {"Job": job}))


def a_job_is_registered_and_deployed():
    reply = ADMIN.jobs.register_job({"Job": ADMIN.jobs.parse(HCL)})
    evaluation = evaluated(reply["EvalID"])
    same((evaluation["Status"], evaluation["TriggeredBy"]), ("complete", "job-register"))
    assert reply["EvalID"] in [each["ID"] for each in ADMIN.job.get_evaluations(ID)]
    assert reply["EvalID"] in [each["ID"] for each in ADMIN.evaluations.get_evaluations(prefix=reply["EvalID"][:8])]
    assert reply["EvalID"] in ADMIN.evaluation
    same([each["JobID"] for each in ADMIN.evaluation.get_allocations(reply["EvalID"])], [ID])
    eventually(lambda: ADMIN.job.get_deployment(ID)["Status"] == "successful")
    eventually(lambda: ADMIN.job.get_summary(ID)["Summary"]["web"]["Running"] == 1)


def deployments_are_read_and_refused_when_they_are_over():
    latest = ADMIN.job.get_deployment(ID)
    same([each["ID"] for each in ADMIN.job.get_deployments(ID)], [latest["ID"]])
    same(ADMIN.deployment.get_deployment(latest["ID"])["JobID"], ID)
    assert latest["ID"] in [each["ID"] for each in ADMIN.deployments.get_deployments(prefix=latest["ID"][:8])]
    same(len(ADMIN.deployment.get_deployment_allocations(latest["ID"])), 1)
    refused(BaseNomadException, "can't promote terminal deployment", lambda: ADMIN.deployment.promote_deployment_all(latest["ID"]))
    refused(BaseNomadException, "can't pause terminal deployment", lambda: ADMIN.deployment.pause_deployment(latest["ID"], True))
    refused(BaseNomadException, "can't fail terminal deployment", lambda: ADMIN.deployment.fail_deployment(latest["ID"]))


def a_job_is_scaled_changed_and_reverted():
    """python-nomad has no call of its own to scale, and its users send the request themselves."""
    scaled = ADMIN.job.request(ID, "scale", json={"Count": 2, "Target": {"Group": "web"}}, method="post").json()
    same(evaluated(scaled["EvalID"])["TriggeredBy"], "job-scaling")
    eventually(lambda: ADMIN.job.get_summary(ID)["Summary"]["web"]["Running"] == 2)
    job = ADMIN.job.get_job(ID)
    same(job["TaskGroups"][0]["Count"], 2)
    # The path of a job takes a registration as well.
    changed = ADMIN.job.register_job(ID, {"Job": {**job, "Priority": 60}})
    same(evaluated(changed["EvalID"])["Status"], "complete")
    versions = ADMIN.job.get_versions(ID)["Versions"]
    same(versions[0]["Priority"], 60)
    reverted = ADMIN.job.revert_job(ID, versions[1]["Version"])
    same(evaluated(reverted["EvalID"])["Status"], "complete")
    same(ADMIN.job.get_job(ID)["Priority"], 50)
    ADMIN.job.stable_job(ID, versions[1]["Version"], True)
    ADMIN.job.evaluate_job(ID)


def an_allocation_is_stopped():
    alloc = eventually(lambda: next((each for each in ADMIN.job.get_allocations(ID) if each["ClientStatus"] == "running"), None))
    stopped = ADMIN.allocation.stop_allocation(alloc["ID"])
    same(evaluated(stopped["EvalID"])["TriggeredBy"], "alloc-stop")


def events_are_streamed():
    thread, is_over, events = ADMIN.event.stream.get_stream(index=0, topic={"Job": "*"}, timeout=30)
    thread.daemon = True
    thread.start()
    try:
        seen = []
        ADMIN.jobs.register_job({"Job": {**ADMIN.job.get_job(ID), "Priority": 70}})
        while True:
            seen.extend(events.get(timeout=30)["Events"] or [])
            if any(each["Topic"] == "Job" and each["Key"] == ID and each["Payload"]["Job"]["Priority"] == 70 for each in seen):
                return
    except queue.Empty as error:
        raise AssertionError(f"no event of the job: {[each['Topic'] + ' ' + each['Key'] for each in seen]}") from error
    finally:
        is_over.set()


def a_job_is_dispatched():
    told = {"Config": {"command": "/bin/sh", "args": ["-c", 'test "$NOMAD_META_who" = Ada && test "$(cat local/in)" = hello']}, "DispatchPayload": {"File": "in"}}
    ADMIN.jobs.register_job({"Job": {**batch(told), "ParameterizedJob": {"Payload": "required", "MetaRequired": ["who"]}}})
    payload = base64.b64encode(b"hello").decode()
    child = ADMIN.job.dispatch_job(PARENT, payload=payload, meta={"who": "Ada"})["DispatchedJobID"]
    eventually(lambda: ADMIN.job.get_summary(child)["Summary"]["once"]["Complete"] == 1)
    try:
        ADMIN.job.dispatch_job(PARENT, payload=payload)
        raise AssertionError("it was dispatched")
    except BaseNomadException as error:
        assert "who" in error.nomad_resp.text, error.nomad_resp.text
    ADMIN.job.deregister_job(PARENT, purge=True)


def a_periodic_job_is_forced():
    ADMIN.jobs.register_job({"Job": {**batch({"Config": {"command": "/bin/true"}}), "ID": f"{PARENT}-periodic", "Periodic": {"Enabled": True, "Spec": "0 0 1 1 *", "SpecType": "cron"}}})
    evaluated(ADMIN.job.periodic_job(f"{PARENT}-periodic")["EvalID"])
    same(len(ADMIN.jobs.get_jobs(prefix=f"{PARENT}-periodic/")), 1)
    ADMIN.job.deregister_job(f"{PARENT}-periodic", purge=True)


def what_is_not_there_is_not_found():
    refused(URLNotFoundNomadException, "eval not found", lambda: ADMIN.evaluation.get_evaluation(NOWHERE))
    refused(URLNotFoundNomadException, "deployment not found", lambda: ADMIN.deployment.get_deployment(NOWHERE))
    refused(URLNotFoundNomadException, "job versions not found", lambda: ADMIN.job.get_versions("no-such-job"))
    refused(URLNotFoundNomadException, "job not found", lambda: ADMIN.job.get_summary("no-such-job"))
    for call in (ADMIN.job.evaluate_job, ADMIN.job.periodic_job):
        refused(BaseNomadException, "job not found", lambda call=call: call("no-such-job"))


def a_job_that_is_none_is_bad():
    refused(BadRequestNomadException, "Job must be specified", lambda: ADMIN.jobs.register_job({}))
    string_duration = {"Job": {**batch({"Config": {"command": "/bin/true"}, "KillTimeout": "5s"})}}
    try:
        ADMIN.jobs.register_job(string_duration)
        raise AssertionError("it was registered")
    except BadRequestNomadException as error:
        assert "KillTimeout" in error.nomad_resp.text or "Duration" in error.nomad_resp.text, error.nomad_resp.text


def a_reader_registers_nothing():
    name = f"{ID}-reader"
    ADMIN.acl.create_policy(name, {"Name": name, "Rules": 'namespace "default" { policy = "read" }'})
    token = ADMIN.acl.create_token({"Name": name, "Type": "client", "Policies": [name]})
    reader = client(token=token["SecretID"])
    try:
        job = {"Job": batch({"Config": {"command": "/bin/true"}})}
        for call in (
            lambda: reader.jobs.register_job(job),
            lambda: reader.job.plan_job(PARENT, job),
            lambda: reader.job.deregister_job(ID),
            lambda: reader.job.dispatch_job(ID),
            lambda: reader.job.evaluate_job(ID),
        ):
            refused(URLNotAuthorizedNomadException, "Permission denied", call)
        same(reader.job.get_summary(ID)["JobID"], ID)
        same(reader.jobs.parse(HCL)["ID"], ID)
    finally:
        ADMIN.acl.delete_token(token["AccessorID"])
        ADMIN.acl.delete_policy(name)


def a_job_is_stopped_and_forgotten():
    stopped = ADMIN.job.deregister_job(ID)
    same(evaluated(stopped["EvalID"])["TriggeredBy"], "job-deregister")
    eventually(lambda: ADMIN.job.get_job(ID)["Status"] == "dead")
    ADMIN.system.initiate_garbage_collection()
    if ID in ADMIN.job:
        ADMIN.job.deregister_job(ID, purge=True)
    eventually(lambda: ID not in ADMIN.job)


CHECKS = [
    a_job_is_parsed,
    a_job_is_validated_and_planned,
    a_job_is_registered_and_deployed,
    deployments_are_read_and_refused_when_they_are_over,
    a_job_is_scaled_changed_and_reverted,
    an_allocation_is_stopped,
    events_are_streamed,
    a_job_is_dispatched,
    a_periodic_job_is_forced,
    what_is_not_there_is_not_found,
    a_job_that_is_none_is_bad,
    a_reader_registers_nothing,
    a_job_is_stopped_and_forgotten,
]


def take_away():
    """What a check that failed has left."""
    for job in ADMIN.jobs.get_jobs(prefix=ID):
        if job["ParentID"] == "":
            ADMIN.job.deregister_job(job["ID"], purge=True)


if __name__ == "__main__":
    try:
        print(json.dumps([outcome(check) for check in CHECKS]))
    finally:
        take_away()
