"""What people are used to type: `invoke TASK`, with devgraph behind it."""

import subprocess

TASKS = {
    "docker_build_local_image": ["build", "app/dev"],
    "run_fast_tests": ["build", "app/suites@suite=fast"],
    "run_slow_tests": ["build", "app/suites@suite=slow"],
    "docker_bash": ["shell", "app/dev"],
}


def run(task):
    return subprocess.call(["devgraph", *TASKS[task]])
