"""Finds a Chromium for the browser tests, and installs Debian's where there is none."""

import os
import shutil
import sys

from tests.debian import install

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """Return the path of a Chromium: CHROMIUM's, else the first on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> int:
    """Make sure that there is a browser; say what to do where none can be installed."""
    if find():
        return 0
    install("chromium", "Install Chromium, or set CHROMIUM.")
    return 0 if find() else 1


if __name__ == "__main__":
    sys.exit(main())
