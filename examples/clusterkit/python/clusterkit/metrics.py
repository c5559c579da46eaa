"""Counters, gauges and histograms, in the text form that Prometheus reads."""

import bisect
import threading


class Metric:
    """Values by their labels."""

    kind = "untyped"

    def __init__(self, name, about):
        self.name, self.about = name, about
        self.values = {}
        self.lock = threading.Lock()  # Guards `values`.

    def lines(self):
        yield "# HELP {} {}".format(self.name, self.about)
        yield "# TYPE {} {}".format(self.name, self.kind)
        with self.lock:
            values = sorted(self.values.items())
        for labels, value in values:
            yield from self.show(labels, value)

    def show(self, labels, value):
        yield "{}{} {}".format(self.name, braces(labels), number(value))


class Counter(Metric):
    kind = "counter"

    def add(self, amount=1, **labels):
        if amount < 0:
            raise ValueError("a counter only grows")
        key = tuple(sorted(labels.items()))
        with self.lock:
            self.values[key] = self.values.get(key, 0) + amount


class Gauge(Metric):
    kind = "gauge"

    def set(self, value, **labels):
        with self.lock:
            self.values[tuple(sorted(labels.items()))] = value


class Histogram(Metric):
    kind = "histogram"

    def __init__(self, name, about, bounds=(0.1, 1, 10, 60, 600)):
        super().__init__(name, about)
        self.bounds = tuple(sorted(bounds))

    def observe(self, value, **labels):
        key = tuple(sorted(labels.items()))
        with self.lock:
            counts, total = self.values.get(key, ([0] * (len(self.bounds) + 1), 0.0))
            counts[bisect.bisect_left(self.bounds, value)] += 1
            self.values[key] = (counts, total + value)

    def show(self, labels, value):
        counts, total = value
        running = 0
        for bound, count in zip(self.bounds + (float("inf"),), counts):
            running += count
            text = "+Inf" if bound == float("inf") else number(bound)
            yield "{}_bucket{} {}".format(self.name, braces(labels + (("le", text),)), running)
        yield "{}_sum{} {}".format(self.name, braces(labels), number(total))
        yield "{}_count{} {}".format(self.name, braces(labels), running)


def braces(labels):
    if not labels:
        return ""
    escaped = ('{}="{}"'.format(key, str(value).replace("\\", "\\\\").replace('"', '\\"'))
               for key, value in labels)
    return "{" + ",".join(escaped) + "}"


def number(value):
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def exposition(metrics):
    return "".join(line + "\n" for metric in metrics for line in metric.lines())


def of_plan(plan, utilisations):
    """What there is to say of a plan."""
    waves = Gauge("clusterkit_plan_waves", "Waves in the plan.")
    copies = Gauge("clusterkit_plan_copies", "Copies that run, by job.")
    used = Histogram("clusterkit_plan_utilisation", "How full the waves are.", (0.25, 0.5, 0.75, 0.9))
    waves.set(len(plan.waves))
    counts = {}
    for wave in plan.waves:
        for placement in wave:
            counts[placement.job] = counts.get(placement.job, 0) + 1
    for job, count in counts.items():
        copies.set(count, job=job)
    for one in utilisations:
        used.observe(one)
    return exposition([waves, copies, used])
