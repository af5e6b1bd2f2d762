"""Runs every comparison, one after the other: `python -m benchmarks [name …]`."""

import importlib
import pkgutil
import sys

import benchmarks

ALL = sorted(found.name for found in pkgutil.iter_modules(benchmarks.__path__))

for name in sys.argv[1:] or ALL:
    if not name.startswith("_"):
        importlib.import_module(f"benchmarks.{name}").main()
