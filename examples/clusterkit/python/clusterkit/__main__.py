"""`python3 -m clusterkit` is the same as `clusterkit`."""

import sys

from clusterkit.cli import main

if __name__ == "__main__":
    sys.exit(main())
