"""A worker that turns to the rosters once, in a process of its own; it may end in the midst.

    python sweeper.py ID [AT]     as the worker does; killed before its AT-th SQL statement
    python sweeper.py ID fetch    only fetches the pages, as plainly as can be

Prints what it cost.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from sqlalchemy import event

from lti_tool import create_app, jobs, settings
from lti_tool.db import db, start_reading
from lti_tool.lti import http, members, tokens
from lti_tool.lti.claims import SCOPE_MEMBERS
from lti_tool.lti.models import Context

KEYS = ("PUBLIC_URL", "SECRET_KEY", "DATABASE_URL", "QUEUE_URL", "ENV", "LOG_LEVEL")
ROOT = Path(__file__).resolve().parent.parent.parent


def peak():
    """The most memory that this program had, in MB; `ru_maxrss` counts its parent's before exec."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def run(app, context_id, *how):
    """Run it for `app`; returns what it printed, or nothing if it was killed."""
    with app.app_context():
        known = settings.current()
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    environ |= {f"LTI_TOOL_{key}": getattr(known, key) for key in KEYS}
    command = [sys.executable, __file__, str(context_id), *map(str, how)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=900)
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Counter:
    """Counts SQL statements, and ends the process before one of them."""

    def __init__(self, kill_at):
        self.count, self.kill_at, self.lock = 0, kill_at, threading.Lock()

    def __call__(self, *_):
        with self.lock:
            self.count += 1
            if self.count == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)


def fetch(context_id):
    """All pages, one after the other; nothing is read but where the next one is."""
    start_reading()
    context = db.session.get_one(Context, context_id)
    url = context.memberships_url
    tokens.ask(context.registration, (SCOPE_MEMBERS,), "GET", url, headers={})
    began, number = time.monotonic(), 0
    while url:
        answer = http.ask("GET", url, headers={"Authorization": "Bearer x"})
        url, number = members.next_page(answer, url), number + 1
    return {"seconds": time.monotonic() - began, "pages": number}


def sweep(app, kill_at):
    """What the worker's turn does."""
    counter = Counter(kill_at)
    event.listen(db.engine, "before_cursor_execute", counter)
    began = time.monotonic()
    jobs.run(app, "roster.sweep")
    return {"seconds": time.monotonic() - began, "statements": counter.count}


def main(context_id, how="0"):
    app = create_app(os.environ)
    with app.app_context():
        found = fetch(int(context_id)) if how == "fetch" else sweep(app, int(how))
    megabytes = peak()
    print(json.dumps(found | {"megabytes": megabytes}))


if __name__ == "__main__":
    main(*sys.argv[1:])
