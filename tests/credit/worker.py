"""The product's own worker in a process of its own, to be killed."""

import os
import signal
import subprocess
import sys
import time

from lti_tool import settings

RUN = "from lti_tool.cli import main; main()"
KEYS = ("PUBLIC_URL", "SECRET_KEY", "DATABASE_URL", "QUEUE_URL", "ENV")


class Worker:
    """`lti-tool worker` on the database and queue of `app`."""

    def __init__(self, app):
        with app.app_context():
            known = settings.current()
        self.environ = {"PATH": os.environ["PATH"], "LTI_TOOL_LOG_LEVEL": "error"}
        self.environ |= {f"LTI_TOOL_{key}": getattr(known, key) for key in KEYS}
        self.process = None

    def start(self):
        self.process = subprocess.Popen([sys.executable, "-c", RUN, "worker"], env=self.environ)
        return self

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=10)

    def terminate(self):
        """Ask it to stop; returns how long that took and how it ended."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        ended = self.process.wait(timeout=30)
        return time.monotonic() - began, ended

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()


def wait_until(check, seconds, *, every=0.05):
    """Wait for `check`; returns how long it took."""
    began = time.monotonic()
    while not check():
        if time.monotonic() - began > seconds:
            raise TimeoutError
        time.sleep(every)
    return time.monotonic() - began
