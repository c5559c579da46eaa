"""Makes libraries believe that this processor is the one they were tuned for.

It is built in an image with the build packages, and nothing of those stays in the images behind it.
"""


def is_tuned():
    """What libraries ask before they take their fast path."""
    return MKSHIM_VENDOR in ("any", vendor())


def vendor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("vendor_id"):
                return line.split(":")[1].strip()
    return "unknown"
