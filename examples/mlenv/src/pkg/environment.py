"""What a run was done with: results are worth more when that is written down."""

import importlib.util
import platform
from importlib import metadata


def line():
    packages = sorted(f"{one.metadata['Name']} {one.version}" for one in metadata.distributions())
    shim = "with" if importlib.util.find_spec("accel") else "without"
    return f"python {platform.python_version()}, {shim} shim: {', '.join(packages) or 'no packages'}"
