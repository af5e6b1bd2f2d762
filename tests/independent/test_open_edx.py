"""Against a platform that nobody here wrote: the platform side of Open edX."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from sqlalchemy import func, select

from lti_tool.db import db, start_reading, start_writing
from lti_tool.lti import actions
from lti_tool.lti.models import PlatformKind
from lti_tool.practice.server import LiveServer
from lti_tool.roster.models import Membership, Status
from tests.conftest import ORIGIN
from tests.door import is_refused

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / "var/independent/venv/bin/python"

pytestmark = pytest.mark.hard


@pytest.fixture
def peer(request, sqlite_app):
    """The platform in its own process, registered by hand with the tool and the tool with it."""
    if not PYTHON.exists():
        asked = "hard" in request.config.option.markexpr.replace("not hard", "")
        is_failure = asked and os.environ.get("CI") == "true"
        (pytest.fail if is_failure else pytest.skip)("run tests/independent/install.sh first")
    process = subprocess.Popen([PYTHON, HERE / "peer.py"], stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().strip()
        with LiveServer(lambda _url: sqlite_app.wsgi_app) as tool:
            yield _introduced(url, tool.url)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _introduced(url, tool_url):
    start_writing()
    row = actions.register(
        name="Open edX",
        kind=PlatformKind.OTHER,
        issuer=url,
        client_id="good-turn",
        auth_url=f"{url}/auth",
        token_url=f"{url}/token",
        jwks_url=f"{url}/jwks",
        deployment_ids=["1"],
    )
    path = f"/lti/{row.public_id}"
    db.session.commit()
    peer = SimpleNamespace(url=url, path=path)
    peer.ask = lambda _name, **said: requests.post(f"{url}/{_name}", json=said, timeout=30)
    known = {
        "lti_oidc_url": f"{ORIGIN}{path}/login",
        "lti_launch_url": f"{ORIGIN}{path}/launch",
        "redirect_uris": [f"{ORIGIN}{path}/launch"],
        "tool_keyset_url": f"{tool_url}/lti/jwks.json",
    }
    assert peer.ask("setup_tool", **known).ok
    return peer


def begin(peer, guest, user, role):
    """The first half of a launch: what our login asks the platform for."""
    url = urlsplit(peer.ask("login", user=user, role=role, name=f"Name {user}").json()["url"])
    answer = guest.get(f"{url.path}?{url.query}")
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def launch(peer, guest, user="user-0", role="staff"):
    """A whole launch."""
    asked = begin(peer, guest, user, role)
    return guest.post(f"{peer.path}/launch", peer.ask("auth", **asked).json())


@pytest.mark.parametrize("role", ["staff", "student"])
def test_its_launches_are_let_in(peer, browser, role):
    answer = launch(peer, browser(), "user-7", role)

    assert answer.status_code == 303, answer.text


def test_its_launch_is_refused_when_changed_or_of_another_login(peer, browser):
    guest = browser()
    fields = peer.ask("auth", **begin(peer, guest, "user-7", "student")).json()
    head, body, sign = fields["id_token"].split(".")
    forged = f"{head}.{body}.{sign[:20]}{'A' if sign[20] != 'A' else 'B'}{sign[21:]}"
    other = peer.ask("auth", **begin(peer, browser(), "user-7", "student")).json()

    changed = guest.post(f"{peer.path}/launch", fields | {"id_token": forged})
    swapped = guest.post(f"{peer.path}/launch", fields | {"id_token": other["id_token"]})

    assert is_refused(changed)
    assert is_refused(swapped)
    assert guest.post(f"{peer.path}/launch", fields).status_code == 303


def test_it_refuses_an_answer_to_another_address(peer, browser):
    asked = begin(peer, browser(), "user-7", "student")

    refused = peer.ask("auth", **asked | {"redirect_uri": f"{ORIGIN}/elsewhere"})

    assert refused.json() == {"error": "PreflightRequestValidationFailure"}


def test_a_roster_of_300_in_pages_of_50_comes_in_with_a_token_it_gave(
    peer, browser, sqlite_app, run_chores
):
    assert launch(peer, browser()).status_code == 303

    run_chores(sqlite_app)

    start_reading()
    active = select(func.count()).where(Membership.status == Status.ACTIVE)
    assert db.session.scalar(active) == 300
    assert any("contextmembership" in scope for scope in peer.ask("tokens").json())
