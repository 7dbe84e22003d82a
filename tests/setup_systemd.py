"""Finds systemd-analyze, and installs Debian's systemd where there is none."""

import shutil
import sys

from tests.debian import install

PROGRAM = "systemd-analyze"


def main() -> int:
    """Make sure that it is there; say what to do where it cannot be installed."""
    if shutil.which(PROGRAM):
        return 0
    install("systemd", "Install systemd: systemd-analyze on the PATH.")
    return 0 if shutil.which(PROGRAM) else 1


if __name__ == "__main__":
    sys.exit(main())
