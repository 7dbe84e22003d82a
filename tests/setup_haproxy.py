"""Finds HAProxy, and installs Debian's where there is none."""

import os
import shutil
import sys

from tests.debian import install


def find() -> str | None:
    """Return the path of HAProxy, which may lie where only administrators look."""
    return shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def main() -> int:
    """Make sure that it is there; say what to do where it cannot be installed."""
    if find():
        return 0
    install("haproxy", "Install HAProxy.")
    return 0 if find() else 1


if __name__ == "__main__":
    sys.exit(main())
