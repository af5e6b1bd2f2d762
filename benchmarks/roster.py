"""A roster of 100,000 people in 1,000 pages: reading and writing it, beside only fetching it.

Two platforms: one that answers after 50 ms, as a real one does, and one whose pages are ready at
once, which no real one is. Both are a process of their own, whose answers are ready before they
are asked for. Fetching alone is one GET after the other over one connection, of which nothing is
read but where the next page is. The sides take turns; each runs in a fresh process, whose largest
memory is told. Each round is a course of its own: everybody is new. Where the pages are ready at
once, a second sweep finds all as it was.
"""

import os
import statistics
import tempfile
from pathlib import Path

from lti_tool.db import db
from tests import postgres
from tests.conftest import migrated, settings_for
from tests.roster.canned import Platform
from tests.roster.test_size import Large

PEOPLE = int(os.environ.get("ROSTER_PEOPLE", "100000"))
PLATFORMS = {"answers after 50 ms": (0.05, 3), "answers at once": (0.0, 5)}
"""Each with its delay, and how many rounds."""


def main():
    """Print every side on both databases."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = postgres.start(Path(folder) / "postgresql")
        try:
            urls = {
                "SQLite": f"sqlite:///{folder}/tool.db",
                "PostgreSQL": postgres.fresh_database(server, "roster"),
            }
            apps = {
                name: migrated(settings_for(folder, url, LOG_LEVEL="error"))
                for name, url in urls.items()
            }
            for platform, (seconds, rounds) in PLATFORMS.items():
                _compare(apps, platform, seconds, rounds)
        finally:
            postgres.stop(Path(folder) / "postgresql")


def _compare(apps, platform, seconds, rounds):
    times, sizes = {}, {}
    with Platform(seconds) as canned:
        for _ in range(rounds):
            for name, app in apps.items():
                with app.app_context():
                    for side, done in _round(Large(app, canned), name):
                        times.setdefault(side, []).append(done["seconds"])
                        sizes.setdefault(side, []).append(done["megabytes"])
                    db.engine.dispose()
    _show(platform, times, sizes)


def _round(large, name):
    """Each side once; the pages are made by the server before anything is measured."""
    large.lists(0, PEOPLE)
    if not getattr(large.platform, "is_warm", False):
        large.run("fetch")
        large.platform.is_warm = True
    yield "only fetching", large.run("fetch")
    yield f"{name}: everybody is new", large.run()
    if not large.platform.seconds:
        large.lists(0, PEOPLE)
        yield f"{name}: nothing changed", large.run()


def _show(platform, times, sizes):
    base = statistics.median(times["only fetching"])
    print(f"roster: {PEOPLE:,} people, 100 to a page; the platform {platform}; medians")
    for side, found in times.items():
        median, spread = statistics.median(found), f"{min(found):.1f}-{max(found):.1f}"
        memory = max(sizes[side])
        print(f"  {median:6.1f} s ({spread:>11})  {median / base:4.2f} x  {memory:4.0f} MB  {side}")


if __name__ == "__main__":
    main()
