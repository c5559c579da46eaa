#!/usr/bin/python3
"""Adds up the tests of one `meson test` run: prints `PASSED FAILED`.

Reads meson-logs/testlog.json, one JSON object a line. A test program that counts its own cases is
taken at its word (doctest's last line, or a last line `N passed, M failed`); any other is one test.
"""

import json
import re
import sys

DOCTEST = re.compile(r"\[doctest\] test cases:\s+\d+ \|\s+(\d+) passed \|\s+(\d+) failed")
CLOSING = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)


def count(entry):
    """The passed and failed cases of one test program."""
    text = entry.get("stdout") or ""
    found = DOCTEST.findall(text) or CLOSING.findall(text)
    passed, failed = map(int, found[-1]) if found else (0, 0)
    good = entry["result"] in ("OK", "EXPECTEDFAIL")
    if good and not found:
        passed = 1
    if not good and failed == 0:
        failed = 1
    return passed, failed


def main():
    passed = failed = 0
    try:
        with open(sys.argv[1], encoding="utf-8") as log:
            for line in log:
                p, f = count(json.loads(line))
                passed, failed = passed + p, failed + f
    except OSError as error:
        print(f"count_tests: no test ran: {error}", file=sys.stderr)
        return 1
    if passed + failed == 0:
        print("count_tests: no test ran", file=sys.stderr)
        return 1
    print(passed, failed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
