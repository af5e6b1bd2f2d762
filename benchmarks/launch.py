"""CPU of one launch: ours with every row written, beside PyLTI1p3 doing only its own part.

Both take the same signed tokens through Flask in this process. Ours verifies, uses up the login,
writes person, place and visit into SQLite, wakes the roster and redirects. PyLTI1p3 is as its
documentation has it, with the platform's keys at hand: it checks the token and keeps the launch in
Flask's session. Logins and signing are not counted. The sides take turns (A B A B …), because the
machine's speed drifts; the figure is processor time of this process, not waiting.
"""

import statistics
import tempfile
import time

from flask import Flask, redirect
from pylti1p3.contrib.flask import FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.tool_config import ToolConfDict

from lti_tool import jobs
from lti_tool.db import db, start_reading, start_writing
from lti_tool.lti import keys
from lti_tool.practice.app import create_practice
from lti_tool.practice.server import LiveServer
from lti_tool.practice.site import Site
from tests.conftest import ORIGIN, make_course, migrated, settings_for
from tests.door import Door

ROUNDS = 7
LAUNCHES = 100


def main():
    """Print both sides and the ratio."""
    sites = []
    with tempfile.TemporaryDirectory() as folder, LiveServer(lambda url: _practice(sites, url)):
        app = migrated(settings_for(folder, f"sqlite:///{folder}/tool.db", LOG_LEVEL="error"))
        with app.app_context():
            start_reading()
            keys.signing_key()
            start_writing()
            door = Door(app, make_course(sites[0]))
            db.session.remove()
        door.login().knock(door.claims())
        jobs.run_all(app)  # the roster is known, as it is after the first minute of a course
        library = _library(sites[0])
        sides = {
            "PyLTI1p3 2.0.0, keys at hand, its own part": lambda: _of_library(library, door),
            "Good Turn, somebody who was here before": lambda: _of_ours(door, is_new=False),
            "Good Turn, somebody new: every row written": lambda: _of_ours(door, is_new=True),
        }
        times = {name: [] for name in sides}
        for _ in range(ROUNDS):
            for name, side in sides.items():
                times[name].append(side())
        _show(times)
        with app.app_context():
            db.engine.dispose()


def _show(times):
    medians = {name: statistics.median(found) for name, found in times.items()}
    base = next(iter(medians.values()))
    print(f"launch: CPU per launch, median of {ROUNDS} rounds of {LAUNCHES}")
    for name, found in times.items():
        spread = f"{min(found):.0f}-{max(found):.0f}"
        median = medians[name]
        print(f"  {median:6.0f} µs ({spread:>9})  {median / base:4.2f} x  {name}")


def _practice(sites, url):
    sites.append(Site("moodle", base_url=f"{url}/moodle"))
    return create_practice(sites)


def _timed(posts):
    began = time.process_time()
    for post in posts:
        answer = post()
        assert answer.status_code in (302, 303), answer.text
    return (time.process_time() - began) / len(posts) * 1e6


def _of_ours(door, *, is_new):
    people = [_student(door) if is_new else door.course.ana for _ in range(LAUNCHES)]
    posts = []
    for person in people:
        door.login(person)
        client, fields = door.client, door.fields(door.claims(person))
        posts.append(lambda c=client, f=fields: c.post(door.path, data=f, base_url=ORIGIN))
    return _timed(posts)


def _student(door):
    person = door.site.add_person(name="Somebody New")
    door.site.enrol(door.course.lms, person)
    return person


def _library(site):
    """The tool of PyLTI1p3's documentation: login, launch, and a redirect."""
    app = Flask("library")
    app.config.update(SECRET_KEY="x" * 32, PROPAGATE_EXCEPTIONS=True)
    tool = next(iter(site.state.tools.values()))
    platform = {
        "default": True,
        "client_id": tool.client_id,
        "auth_login_url": site.auth_url,
        "auth_token_url": site.token_url,
        "key_set_url": None,
        "key_set": site.keys.published(),
        "deployment_ids": tool.deployment_ids,
    }
    config = ToolConfDict({site.issuer: [platform]})

    @app.post("/login")
    def login():
        return FlaskOIDCLogin(FlaskRequest(), config).redirect(f"{ORIGIN}/launch")

    @app.post("/launch")
    def launch():
        FlaskMessageLaunch(FlaskRequest(), config).get_launch_data()
        return redirect("/", 303)

    return app


def _of_library(app, door):
    fields = dict(door.site.login_request(door.course.ana, door.course.link))
    client = app.test_client()
    with client.session_transaction() as session:
        session.clear()
    answer = client.post("/login", data=fields, base_url="https://127.0.0.1")
    query = dict(part.split("=", 1) for part in answer.headers["Location"].split("?")[1].split("&"))
    cookies = [
        f"{cookie.key}={cookie.value}"
        for cookie in (client.get_cookie("session", "127.0.0.1"), *_others(client))
    ]
    token = door.sign(door.site.claims(door.course.ana, door.course.link, query["nonce"]))
    form = {"id_token": token, "state": query["state"]}
    plain = app.test_client(use_cookies=False)
    headers = {"Cookie": "; ".join(cookies)}

    def post():
        return plain.post("/launch", data=form, headers=headers, base_url="https://127.0.0.1")

    return _timed([post] * LAUNCHES)


def _others(client):
    """The cookie of the state, whose name is the state."""
    return [cookie for cookie in client._cookies.values() if cookie.key != "session"]


if __name__ == "__main__":
    main()
