"""Decides which copy of which job runs on which node. Pure: takes values, returns a plan."""

import heapq
from collections import Counter
from typing import Dict, List, NamedTuple

from clusterkit.errors import ClusterError, Unschedulable
from clusterkit.model import Resources


class Placement(NamedTuple):
    job: str
    copy: int
    node: str


class Plan(NamedTuple):
    """Waves run one after the other; what is in one wave runs at the same time."""

    waves: List[List[Placement]]
    waiting: Dict[str, str]  # Job = why it is in no wave.

    def used(self):
        return sum(len(wave) for wave in self.waves)


class Room:
    """What is left of each node while a wave is filled."""

    def __init__(self, nodes):
        self.nodes = {node.name: node for node in nodes}
        self.free = {node.name: node.has for node in nodes}
        self.jobs = {node.name: Counter() for node in nodes}

    def candidates(self, job):
        """Nodes with room for one copy, the best first: what leaves the least behind."""
        scored = []
        for name, node in self.nodes.items():
            if not node.matches(job.labels) or not job.needs.fits(self.free[name]):
                continue
            if job.spread and self.jobs[name][job.name]:
                continue
            left = (self.free[name] - job.needs).share_of(node.has)
            # A node with accelerators is kept for those who need them.
            wasted = 1 if node.has.gpus and not job.needs.gpus else 0
            scored.append((wasted, left, name))
        return [name for _, _, name in sorted(scored)]

    def take(self, job, name):
        self.free[name] = self.free[name] - job.needs
        self.jobs[name][job.name] += 1

    def give_back(self, job, name):
        self.free[name] = self.free[name] + job.needs
        self.jobs[name][job.name] -= 1

    def place(self, job):
        """All copies or none: half a gang would wait for the other half for ever."""
        placed = []
        for copy in range(job.copies):
            names = self.candidates(job)
            if not names:
                for placement in placed:
                    self.give_back(job, placement.node)
                return None
            self.take(job, names[0])
            placed.append(Placement(job.name, copy, names[0]))
        return placed


def why_never(job, nodes):
    """Reasons why no node takes one copy even when the cluster is empty; empty if one does."""
    reasons = Counter()
    for node in nodes:
        if not node.matches(job.labels):
            reasons["without its labels"] += 1
            continue
        lacking = job.needs.lacking(node.has)
        if not lacking:
            return {}
        reasons["with too little " + " and ".join(lacking)] += 1
    return reasons


def in_order(jobs):
    """Jobs after what they wait for; of those that could go next the one with the highest priority."""
    known = {job.name: job for job in jobs}
    missing = {job.name: set(job.after) & set(known) for job in jobs}
    ready = [(-job.priority, job.name) for job in jobs if not missing[job.name]]
    heapq.heapify(ready)
    ordered = []
    while ready:
        _, name = heapq.heappop(ready)
        ordered.append(known[name])
        for other, waits in missing.items():
            if name in waits:
                waits.remove(name)
                if not waits:
                    heapq.heappush(ready, (-known[other].priority, other))
    if len(ordered) < len(jobs):
        ring = sorted(name for name, waits in missing.items() if waits)
        raise ClusterError("these jobs wait for each other: " + ", ".join(ring))
    return ordered


def plan(jobs, nodes, strict=True):
    """Fills wave after wave. With `strict` a job that can never run is an error, else it waits."""
    left, waiting, waves, done = in_order(jobs), {}, [], set()
    for job in list(left):
        reasons = why_never(job, nodes)
        if reasons or not nodes:
            if strict:
                raise Unschedulable(job.name, reasons)
            waiting[job.name] = str(Unschedulable(job.name, reasons))
            left.remove(job)
    while left:
        room, wave = Room(nodes), []
        for job in list(left):
            if not set(job.after) <= done:
                continue
            placed = room.place(job)
            if placed:
                wave.extend(placed)
                left.remove(job)
        if not wave:
            for job in left:
                waiting[job.name] = "job {} needs {} copies at once, or waits for one that does".format(
                    job.name, job.copies)
            if strict:
                raise ClusterError(next(iter(waiting.values())))
            break
        done.update(placement.job for placement in wave)
        waves.append(wave)
    return Plan(waves, waiting)


def utilisation(wave, jobs, nodes):
    """The part of the cluster's bottleneck that a wave uses."""
    needs = {job.name: job.needs for job in jobs}
    used, whole = Resources(), Resources()
    for placement in wave:
        used = used + needs[placement.job]
    for node in nodes:
        whole = whole + node.has
    return used.share_of(whole)
