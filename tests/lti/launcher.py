"""A second tool on the same database: takes lines of launches and posts them all at once.

Each line is a JSON list of [path, cookie, fields]; the answer is a line of their statuses.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from lti_tool import create_app, settings
from tests.conftest import ORIGIN
from tests.door import COOKIE, at_once

KEYS = ("PUBLIC_URL", "SECRET_KEY", "DATABASE_URL", "QUEUE_URL", "ENV")
ROOT = Path(__file__).resolve().parent.parent.parent


class Launcher:
    """The process: `with Launcher(app) as one:`, then `send` and `receive`."""

    def __init__(self, app):
        with app.app_context():
            known = settings.current()
        self.environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        self.environ |= {f"LTI_TOOL_{key}": getattr(known, key) for key in KEYS}

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            env=self.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.receive() == "ready"
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def send(self, launches):
        self.process.stdin.write(json.dumps(launches) + "\n")
        self.process.stdin.flush()

    def receive(self):
        return json.loads(self.process.stdout.readline())


def main():
    app = create_app(os.environ)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        launches = json.loads(line)

        def post(turn, launches=launches):
            path, cookie, fields = launches[turn]
            headers = {"Cookie": f"{COOKIE}={cookie}"}
            client = app.test_client(use_cookies=False)
            return client.post(path, data=fields, headers=headers, base_url=ORIGIN).status_code

        print(json.dumps(at_once(len(launches), post)), flush=True)


if __name__ == "__main__":
    main()
