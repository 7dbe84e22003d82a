"""Finds Prometheus and its promtool, and installs Debian's where there are none."""

import shutil
import sys

from tests.debian import install

PROGRAMS = ("prometheus", "promtool")


def main() -> int:
    """Make sure that both are there; say what to do where they cannot be installed."""
    if not all(map(shutil.which, PROGRAMS)):
        install("prometheus", "Install Prometheus: prometheus and promtool on the PATH.")
    return 0 if all(map(shutil.which, PROGRAMS)) else 1


if __name__ == "__main__":
    sys.exit(main())
