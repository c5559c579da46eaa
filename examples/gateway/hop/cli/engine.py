"""Gateways for one transfer, started from the image that HOP_IMAGE names."""

import contextlib
import os
import re
import shutil
import subprocess
import time

READY = re.compile(r"listening on (\S+)")
PATIENCE = 30


def find():
    """The container engine: HOP_ENGINE, or the first that is installed."""
    wanted = os.environ.get("HOP_ENGINE")
    for name in [wanted] if wanted else ["podman", "docker"]:
        if shutil.which(name):
            return name
    raise OSError("no container engine; install podman or docker, or name running gateways with --via")


def call(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(words[:2])} failed: {done.stderr.strip()}")
    return done.stdout.strip(), done.stderr


def start(engine, image, options, arguments):
    """A container with a gateway in it, and the address on which it listens."""
    # docker speaks plain HTTP with a registry of this machine; podman has to be told.
    local = os.path.basename(engine) == "podman" and re.match(r"(localhost|127\.0\.0\.1)[:/]", image)
    name, _ = call(engine, "run", "--detach", "--rm", "--network=host", *["--tls-verify=false"] * bool(local),
                   *options, image, "--listen", "127.0.0.1:0", *arguments)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ready = READY.search("".join(call(engine, "logs", name)))
        if ready:
            return name, ready.group(1)
        time.sleep(0.1)
    raise OSError(f"the gateway in container {name[:12]} does not listen")


@contextlib.contextmanager
def gateways(image, folder, count=2):
    """The route through `count` gateways; the last one writes to `folder`. They are stopped afterwards."""
    engine = find()
    os.makedirs(folder, exist_ok=True)
    names, route = [], []
    try:
        for index in range(count):
            last = index + 1 == count
            options = ["--volume", f"{os.path.abspath(folder)}:/data"] if last else []
            name, place = start(engine, image, options, ["--root", "/data"] if last else [])
            names.append(name)
            route.append(place)
        yield route
    finally:
        for name in names:
            call(engine, "stop", name)
