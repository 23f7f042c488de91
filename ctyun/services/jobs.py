"""Asynchronous jobs: start, stop, attach and the like answer with a jobID (host `ctecs`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ctyun.errors import JobFailed
from ctyun.fields import Body, need, number, part, text
from ctyun.services.base import Service
from ctyun.transport import Call
from ctyun.waiting import wait_until

GET = Call("ctecs", "GET", "/v4/job/info", "look up job")
RUNNING, SUCCEEDED, FAILED = 0, 1, 2
STATES = {RUNNING: "running", SUCCEEDED: "succeeded", FAILED: "failed"}


@dataclass(frozen=True)
class Job:
    """A job as it stands."""

    id: str
    status: int
    resource_id: str = ""
    task: str = ""
    problem: str = ""  # why it failed, where the cloud says so

    @classmethod
    def from_api(cls, body: Body, message: str = "") -> Self:
        return cls(
            id=need(body, "jobID"),
            status=number(body, "status"),
            resource_id=text(body, "resourceId"),
            task=text(part(body, "fields"), "taskName"),
            problem="" if message.lower() == "success" else message,
        )


class Jobs(Service):
    """Look up jobs and wait for them."""

    async def get(self, region_id: str, job_id: str) -> Job:
        """Raises NotFound."""
        answer = await self._transport.send(GET, job_id, query={"regionID": region_id, "jobID": job_id})
        return Job.from_api(answer.body, answer.message)

    async def wait(self, region_id: str, job_id: str, *, what: str, timeout: float) -> Job:
        """Wait until a job has ended. `what` is what it does ("stop of server i-7"). Raises JobFailed, WaitTimeout."""
        job = await wait_until(
            lambda: self.get(region_id, job_id),
            lambda job: job.status != RUNNING,
            what=f"job {job_id} ({what})",
            timeout=timeout,
            state=lambda job: STATES.get(job.status, job.status),
            pace=self._pace,
        )
        if job.status == FAILED:
            reason = job.problem.rstrip(". ") or f"job {job_id} ended in failure"
            raise JobFailed(f"The {what} failed: {reason}. Look at the state of {job.resource_id or 'it'}.")
        return job
