"""Jobs, as three calls show them."""

from __future__ import annotations

from typing import Any

from localcloud.api.calls import Call
from localcloud.records.compute import JOBS, Job
from localcloud.records.jobs import WORDS


def job_info(call: Call) -> dict[str, Any]:
    job = _job(call)
    shown = {
        "jobID": job.id, "status": job.status, "jobStatus": WORDS[job.status], "resourceId": job.instance_id,
        "fields": {"taskName": job.task},
    }  # fmt: skip
    return shown | ({"ID": job.instance_id} if job.task == "create-snapshot" else {})


def async_result(call: Call) -> dict[str, Any]:
    return {"jobStatus": _job(call).status}


def query_jobs(call: Call) -> dict[str, Any]:
    region, ids = call.region(), call.fields.listed("jobIDs", required=True)
    call.fields.check()
    jobs = [call.store.require(JOBS, job_id, region.id) for job_id in ids]
    return {"jobList": [{"jobID": job.id, "jobStatus": job.status} for job in jobs]}


def _job(call: Call) -> Job:
    job = call.one(JOBS, "jobID")
    if job.problem:
        call.message = job.problem
    return job
