"""Runs a plan on this machine: wave after wave, the copies of a wave at the same time."""

import os
import signal
import subprocess
import time
from typing import NamedTuple


class Outcome(NamedTuple):
    job: str
    copy: int
    node: str
    status: int  # Exit status; negative: the signal.
    seconds: float


def run_wave(wave, jobs, base=None):
    """Starts all copies, waits for all; what takes longer than its job allows is ended."""
    known = {job.name: job for job in jobs}
    begin = time.monotonic()
    running = {}
    for placement in wave:
        environment = dict(base or os.environ, CLUSTERKIT_NODE=placement.node,
                           CLUSTERKIT_COPY=str(placement.copy), CLUSTERKIT_JOB=placement.job)
        running[placement] = subprocess.Popen(["/bin/sh", "-c", known[placement.job].command],
                                              env=environment, start_new_session=True)
    outcomes = []
    while running:
        now = time.monotonic() - begin
        for placement, process in list(running.items()):
            limit = known[placement.job].timeout
            if process.poll() is None and limit is not None and now > limit:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if process.poll() is not None:
                del running[placement]
                outcomes.append(Outcome(placement.job, placement.copy, placement.node,
                                        process.returncode, now))
        time.sleep(0.01)
    return sorted(outcomes)


def run_plan(plan, jobs, told=print):
    """Runs all waves; jobs that wait for one that failed do not run. True if all succeeded."""
    known, failed = {job.name: job for job in jobs}, set()
    for wave in plan.waves:
        blocked = {p.job for p in wave if set(known[p.job].after) & failed}
        failed |= blocked
        for name in sorted(blocked):
            told("{}  not run".format(name))
        for one in run_wave([p for p in wave if p.job not in blocked], jobs):
            told("{}/{}  {}  {}".format(one.job, one.copy, one.node,
                                        "ok" if one.status == 0 else "failed: {}".format(one.status)))
            if one.status != 0:
                failed.add(one.job)
    return not failed and not plan.waiting
