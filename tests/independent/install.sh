#!/bin/sh
# An environment of its own for the independent platform, in var/independent/venv; never in .venv.
set -eu
cd "$(dirname "$0")/../.."
"${PYTHON:-python3}" -m venv var/independent/venv
var/independent/venv/bin/pip --disable-pip-version-check install --quiet \
  --requirement tests/independent/requirements.txt
