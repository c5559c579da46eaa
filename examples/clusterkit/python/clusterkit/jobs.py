"""The queue of jobs, kept in the key-value store so that several machines can take from it."""

from clusterkit.errors import ClusterError, Conflict

_ROOT = "jobs/"
WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"


class Queue:
    """Each job is a key `jobs/NUMBER`; its value is `state owner priority name`."""

    def __init__(self, client):
        self.client = client

    def put(self, name, priority=0):
        if any(letter.isspace() for letter in name):
            raise ClusterError("the name of a job has no blanks: `{}`".format(name))
        number = self.client.add("next-job")
        self.client.set("{}{:08d}".format(_ROOT, number), "{} - {} {}".format(WAITING, priority, name))
        return number

    def all(self):
        """(key, version, state, owner, priority, name), in the order of their numbers."""
        for key in self.client.keys(_ROOT):
            version, text = self.client.get_with_version(key)
            if version:
                state, owner, priority, name = text.split(" ", 3)
                yield key, version, state, owner, int(priority), name

    def take(self, owner):
        """The waiting job with the highest priority is ours now; None if there is none."""
        waiting = sorted((-job[4], job[0], job) for job in self.all() if job[2] == WAITING)
        for _, key, (_, version, _, _, priority, name) in waiting:
            try:
                self.client.set_if(key, version, "{} {} {} {}".format(RUNNING, owner, priority, name))
                return key, name
            except Conflict:
                continue  # Somebody else was faster.
        return None

    def finish(self, key, owner, ok=True):
        version, text = self.client.get_with_version(key)
        state, holder, priority, name = text.split(" ", 3)
        if state != RUNNING or holder != owner:
            raise ClusterError("{} is not {}'s to finish: it is {} of {}".format(key, owner, state, holder))
        self.client.set_if(key, version, "{} {} {} {}".format(DONE if ok else FAILED, owner, priority, name))

    def requeue(self, lost):
        """What lost nodes were running waits again."""
        again = []
        for key, version, state, owner, priority, name in self.all():
            if state == RUNNING and owner in lost:
                self.client.set_if(key, version, "{} - {} {}".format(WAITING, priority, name))
                again.append(name)
        return again
