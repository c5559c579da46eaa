"""Runs one experiment after the other."""


import lr_events


def run(experiments):
    events = lr_events.Events()
    for name, experiment in experiments.items():
        events.add(name=name, result=experiment())
    return events
