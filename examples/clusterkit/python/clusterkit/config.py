"""Reads clusters and jobs from INI files; every fault carries its place."""

import configparser

from clusterkit.errors import ConfigError, did_you_mean
from clusterkit.hosts import expand
from clusterkit.model import Cluster, Job, Node, Resources

_NODE_KEYS = {"cpus", "memory", "gpus", "labels", "rack"}
_JOB_KEYS = {"command", "cpus", "memory", "gpus", "copies", "priority", "labels", "spread", "after",
             "timeout"}
_CLUSTER_KEYS = {"name", "region"}


class Section:
    """One section of a file, with typed access; unknown keys are refused."""

    def __init__(self, path, name, values, known):
        self.path, self.name, self.values = path, name, values
        for key in values:
            if key not in known:
                near = did_you_mean(key, known)
                raise self.fault(key, "there is no such key" + (
                    "; did you mean `{}`?".format(near) if near else ""))

    def fault(self, key, message):
        return ConfigError(message, self.path, self.name, key)

    def text(self, key, default=None):
        value = self.values.get(key, default)
        if value is None:
            raise self.fault(key, "it is missing")
        return value.strip()

    def words(self, key):
        return tuple(self.text(key, "").replace(",", " ").split())

    def number(self, key, default, least=0):
        text = self.text(key, str(default))
        try:
            value = int(text)
        except ValueError:
            raise self.fault(key, "`{}` is no whole number".format(text)) from None
        if value < least:
            raise self.fault(key, "it is {}, below {}".format(value, least))
        return value

    def flag(self, key):
        text = self.text(key, "no").lower()
        if text not in configparser.ConfigParser.BOOLEAN_STATES:
            raise self.fault(key, "`{}` is neither yes nor no".format(text))
        return configparser.ConfigParser.BOOLEAN_STATES[text]

    def size(self, key, default):
        from ck_units import parse_size
        try:
            return parse_size(self.text(key, default))
        except ValueError as error:
            raise self.fault(key, str(error)) from None

    def duration(self, key):
        from ck_units import parse_duration
        if key not in self.values:
            return None
        try:
            return parse_duration(self.text(key))
        except ValueError as error:
            raise self.fault(key, str(error)) from None

    def resources(self, cpus):
        return Resources(self.number("cpus", cpus), self.size("memory", "0"), self.number("gpus", 0))


def sections(path):
    """(kind, name, values) of each `[kind name]` in a file."""
    parser = configparser.ConfigParser(interpolation=None, default_section="\0none")
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except OSError as error:
        raise ConfigError("cannot be read: {}".format(error.strerror), path) from None
    except configparser.Error as error:
        raise ConfigError(error.message.replace("\n", " "), path) from None
    for title in parser.sections():
        kind, _, name = title.partition(" ")
        yield kind, name.strip(), dict(parser[title])


def read_cluster(path):
    """`[cluster]` and any number of `[nodes PATTERN]`."""
    about, nodes = {}, {}
    for kind, name, values in sections(path):
        if kind == "cluster":
            about = values
        elif kind == "nodes":
            section = Section(path, "nodes " + name, values, _NODE_KEYS)
            for host in expand(name):
                if host in nodes:
                    raise section.fault("", "{} is in two sections".format(host))
                nodes[host] = Node(host, section.resources(1), section.words("labels"),
                                   section.text("rack", ""))
        else:
            raise ConfigError("a section is [cluster] or [nodes …]", path, kind)
    if not nodes:
        raise ConfigError("no node is named; write a section such as [nodes node[01-04]]", path)
    head = Section(path, "cluster", about, _CLUSTER_KEYS)
    return Cluster(head.text("name", "cluster"), tuple(nodes.values()), head.text("region", "global"))


def read_jobs(path):
    """`[job NAME]` sections, checked against each other."""
    jobs = {}
    for kind, name, values in sections(path):
        if kind != "job" or not name:
            raise ConfigError("a section is [job NAME]", path, kind)
        section = Section(path, "job " + name, values, _JOB_KEYS)
        jobs[name] = Job(name, section.text("command"), section.resources(1),
                         section.number("copies", 1, least=1), section.number("priority", 0, least=-100),
                         section.words("labels"), section.flag("spread"), section.words("after"),
                         section.duration("timeout"))
    for job in jobs.values():
        for other in job.after:
            if other not in jobs:
                raise ConfigError("there is no job `{}`".format(other), path, "job " + job.name, "after")
    return list(jobs.values())
