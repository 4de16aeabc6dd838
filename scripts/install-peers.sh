#!/usr/bin/env bash
# Puts what tests compare with, and Debian has no package of, into .build/peers: pymerkle, from PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."
peers=.build/peers
[ -x "$peers/bin/python" ] && "$peers/bin/python" -c 'import pymerkle; assert pymerkle.__version__ == "7.0.0"' 2>/dev/null && exit 0
python3 -m venv "$peers"
"$peers/bin/pip" install --quiet --disable-pip-version-check pymerkle==7.0.0
