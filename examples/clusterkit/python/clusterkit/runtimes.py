"""Settings of what runs on a cluster, made for its size."""

import os
import pathlib

from clusterkit.errors import ClusterError, did_you_mean
from clusterkit.templates import render

FOLDER = pathlib.Path(os.environ.get("CLUSTERKIT_RUNTIMES", "/etc/clusterkit/runtimes"))
_SYSTEM = 2**30  # Bytes that are left to the operating system.


def known(folder=None):
    """Names of the runtimes that are installed: one template each."""
    folder = pathlib.Path(folder or FOLDER)
    return sorted(path.stem for path in folder.glob("*.tmpl"))


def sizes(node):
    """How to cut up a node: executors of at most five cores, and what each of them gets."""
    executors = max(1, node.has.cpus // 5)
    memory = max(2**28, (node.has.memory - _SYSTEM) // executors)
    return {
        "executors": executors,
        "cores": max(1, node.has.cpus // executors),
        "memory": memory * 9 // 10,
        "overhead": memory // 10,
    }


def settings(name, cluster, mirror=None, folder=None):
    """The configuration of a runtime for a cluster."""
    folder = pathlib.Path(folder or FOLDER)
    path = folder / (name + ".tmpl")
    if not path.exists():
        near = did_you_mean(name, known(folder))
        raise ClusterError("there is no runtime `{}`{}".format(
            name, "; did you mean `{}`?".format(near) if near else ""))
    smallest = min(cluster.nodes, key=lambda node: (node.has.memory, node.has.cpus))
    return render(path.read_text(encoding="utf-8"), {
        "cluster": cluster,
        "region": cluster.region,
        "head": cluster.nodes[0],
        "workers": cluster.nodes[1:] or cluster.nodes,
        "gpus": cluster.total().gpus,
        "size": sizes(smallest),
        "mirror": mirror or {},
    })
