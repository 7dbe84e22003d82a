"""`python -m irve_bridge` is `irve-bridge`."""

import sys

from irve_bridge.cli import main

if __name__ == "__main__":
    sys.exit(main())
