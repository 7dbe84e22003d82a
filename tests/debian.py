"""Installs Debian's packages where there is an apt-get and the right to."""

import os
import shutil
import subprocess
import sys


def install(package: str, otherwise: str) -> None:
    """Install a package; where that cannot be, exit and say what to do instead."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        sys.exit(f"{otherwise} (Debian: sudo apt-get install {package})")
    subprocess.run([apt, "update", "-qq"], check=True)
    subprocess.run([apt, "install", "-y", "-qq", "--no-install-recommends", package], check=True)
