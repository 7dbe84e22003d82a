#!/usr/bin/env bash
# Sets up what is missing and runs the bridge with the settings of .env.
set -euo pipefail
cd "$(dirname "$0")"
[ -f .env ] || { echo "Copy config/.env.example to .env and fill it in first." >&2; exit 1; }
make --no-print-directory setup
exec .venv/bin/python -m irve_bridge serve "$@"
