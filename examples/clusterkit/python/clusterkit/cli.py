"""The command line. Each command imports what it needs, so that `--version` needs nothing."""

import argparse
import sys
import time

import clusterkit
from clusterkit.errors import ClusterError


def show_nodes(options):
    from ck_table import table
    from ck_units import format_size
    from clusterkit.config import read_cluster
    from clusterkit.state import NodeState, StateFile
    cluster = read_cluster(options.cluster)
    states = StateFile(options.state).read() if options.state else {}
    rows = [(node.name, node.rack or "-", node.has.cpus, format_size(node.has.memory), node.has.gpus,
             states.get(node.name, NodeState(node.name)).state, " ".join(node.labels))
            for node in cluster.nodes]
    print(table(("node", "rack", "cpus", "memory", "gpus", "state", "labels"), rows), end="")


def show_plan(options):
    from clusterkit.config import read_cluster, read_jobs
    from clusterkit.hosts import compress
    from clusterkit.metrics import of_plan
    from clusterkit.scheduler import plan, utilisation
    from clusterkit.state import StateFile, usable
    cluster, jobs = read_cluster(options.cluster), read_jobs(options.jobs)
    nodes = usable(cluster.nodes, StateFile(options.state).read() if options.state else {})
    made = plan(jobs, nodes, strict=not options.keep_going)
    full = [utilisation(wave, jobs, nodes) for wave in made.waves]
    if options.metrics:
        print(of_plan(made, full), end="")
        return
    for number, (wave, share) in enumerate(zip(made.waves, full), 1):
        print("wave {}  {:.0f}% full".format(number, 100 * share))
        for name in dict.fromkeys(placement.job for placement in wave):
            print("  {}  {}".format(name, compress(p.node for p in wave if p.job == name)))
    for reason in made.waiting.values():
        print("waiting: " + reason)


def run_jobs(options):
    from clusterkit.config import read_cluster, read_jobs
    from clusterkit.runner import run_plan
    from clusterkit.scheduler import plan
    jobs = read_jobs(options.jobs)
    if not run_plan(plan(jobs, read_cluster(options.cluster).nodes), jobs):
        raise ClusterError("not all jobs succeeded")


def set_state(options):
    from clusterkit.events import Event, EventLog
    from clusterkit.hosts import expand
    from clusterkit.state import StateFile
    now = int(time.time())
    for name in expand(options.nodes):
        node = StateFile(options.state).move(name, options.to, now, options.note)
        EventLog(options.state + ".log").add(Event(now, "state", name, node.state + " " + node.note))
        print("{}  {}".format(name, node.state))


def make_settings(options):
    from clusterkit import mirrors, runtimes
    from clusterkit.config import read_cluster
    print(runtimes.settings(options.runtime, read_cluster(options.cluster), mirrors.read()), end="")


def kv(options):
    from clusterkit.kvclient import Client
    from clusterkit.kvserver import serve
    if options.action == "serve":
        serve(options.port, options.journal)
    with Client(port=options.port) as client:
        if options.action == "get":
            value = client.get(*options.words)
            if value is None:
                raise ClusterError("there is no key {}".format(options.words[0]))
            print(value)
        elif options.action == "set":
            client.set(*options.words)
        elif options.action == "keys":
            print("\n".join(client.keys(*options.words)))


def info(options):
    from clusterkit import mirrors, runtimes
    print("clusterkit {} ({})".format(clusterkit.__version__, clusterkit.__commit__))
    print("region {}".format(mirrors.read()["region"]))
    print("runtimes {}".format(" ".join(runtimes.known()) or "none"))
    try:
        with open("/usr/lib/gpu-driver/version", encoding="utf-8") as file:
            print("gpu driver {}".format(file.read().strip()))
    except FileNotFoundError:
        print("gpu driver none")


def parser():
    made = argparse.ArgumentParser("clusterkit", description=clusterkit.__doc__)
    made.add_argument("--version", action="version", version="clusterkit " + clusterkit.__version__)
    commands = made.add_subparsers(metavar="COMMAND", required=True, dest="command")

    def command(name, function, about, *arguments):
        one = commands.add_parser(name, help=about)
        for argument in arguments:
            one.add_argument(argument)
        one.set_defaults(function=function)
        return one

    command("nodes", show_nodes, "the machines of a cluster", "cluster").add_argument("--state")
    planning = command("plan", show_plan, "what would run where", "cluster", "jobs")
    planning.add_argument("--state")
    planning.add_argument("--metrics", action="store_true", help="in Prometheus' words")
    planning.add_argument("-k", "--keep-going", action="store_true", help="plan what can be planned")
    command("run", run_jobs, "run the plan on this machine", "cluster", "jobs")
    command("set", set_state, "change the state of nodes", "state", "nodes", "to").add_argument(
        "--note", default="")
    command("settings", make_settings, "the configuration of a runtime", "runtime", "cluster")
    command("info", info, "what is installed here")
    store = command("kv", kv, "the key-value store")
    store.add_argument("action", choices=("serve", "get", "set", "keys"))
    store.add_argument("words", nargs="*")
    store.add_argument("--port", type=int, default=7400)
    store.add_argument("--journal")
    return made


def main(words=None):
    options = parser().parse_args(words)
    try:
        options.function(options)
    except ClusterError as error:
        print("clusterkit: {}".format(error), file=sys.stderr)
        return error.exit_code
    return 0
