"""No address that a platform names makes the server call something inside its own network.

Every connection that is attempted is noted, whatever it leads to; a canary on this machine hears
those that are made all the same.
"""

import socket
import time

import pytest

from lti_tool.db import db, start_reading, start_writing
from lti_tool.errors import PlatformUnreachable
from lti_tool.lti import actions as lti
from lti_tool.lti import claims, http, keys, tokens
from lti_tool.lti.models import PlatformKind
from lti_tool.practice.server import LiveServer
from tests.conftest import _kept, _opened, migrated, settings_for
from tests.lti.test_http import FORBIDDEN, ODD, SPELLINGS
from tests.registration.conftest import Office, registrations
from tests.registration.liar import Liar
from tests.registration.test_rogues import ADDRESSES, KEY_SET, last_code

SECONDS = 5
CODES = {"registration-private", "registration-not-https", "registration-unreachable"}
REAL = socket.getaddrinfo


@pytest.fixture(scope="module")
def _careful_app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("careful")
    environ = settings_for(folder, f"sqlite:///{folder}/tool.db", ALLOW_PRIVATE_PLATFORMS="0")
    yield from _kept(migrated(environ))


@pytest.fixture
def careful_app(_careful_app):
    """The tool as it is in production: platforms are on the public Internet."""
    yield from _opened(_careful_app)


@pytest.fixture
def careful(careful_app):
    """An invitation there."""
    return Office(careful_app)


@pytest.fixture
def called(monkeypatch):
    """Every address that somebody tries to connect to."""
    found, real = [], socket.create_connection

    def note(to, **more):
        found.append(to)
        return real(to, **more)

    monkeypatch.setattr(http.socket, "create_connection", note)
    return found


def spelled(host, port):
    """An address of this machine, or of one beside it, in one of its spellings."""
    return f"https://{host}:{port}/.well-known/openid-configuration"


def numbers(port):
    """Addresses by number, as URLs write them."""
    for number in FORBIDDEN.values():
        yield spelled(f"[{number}]" if ":" in number else number, port)


def hostile(port):
    """Every hostile address, `port` being the canary's where one can be named."""
    return [*numbers(port), *(spelled(host, port) for host in SPELLINGS), *ODD]


def port_of(canary):
    return canary.url.rpartition(":")[2]


def test_there_are_enough_of_them():
    named = len(ADDRESSES) * len(SPELLINGS)

    assert len(set(hostile(1))) * 3 + named * 2 >= 400


def test_no_description_is_fetched_from_inside(careful, called, canary):
    for address in hostile(port_of(canary)):
        for method in (careful.browser.get, careful.browser.post):
            began = time.monotonic()
            fields = {"openid_configuration": address, "registration_token": "t"}
            how = {"query_string": fields} if method == careful.browser.get else {"data": fields}
            answer = method(careful.path, **how)
            assert answer.status_code == 422, address
            assert last_code(answer) in CODES, address
            assert time.monotonic() - began < SECONDS, address

    assert (called, canary.calls) == ([], [])
    assert registrations() == [0, 0]
    assert careful.invite.spent_at is None


def test_no_keys_are_fetched_from_inside_for_what_was_typed(careful, called, canary):
    for address in hostile(port_of(canary)):
        began = time.monotonic()
        fields = dict.fromkeys(("issuer", "auth_url", "token_url", "jwks_url"), address)
        answer = careful.by_hand(kind="other", client_id="a", **fields)
        assert answer.status_code == 422, address
        assert time.monotonic() - began < SECONDS, address

    assert (called, canary.calls) == ([], [])
    assert registrations() == [0, 0]


def test_no_registered_address_is_called_inside(careful_app, called, canary):
    start_reading()
    keys.signing_key()
    for number, address in enumerate(hostile(port_of(canary))):
        row = registered(address, str(number))
        for ask in (lambda r=row: keys.key_for(r, "kid"), lambda r=row: service(r, r.issuer)):
            start_reading()
            began = time.monotonic()
            with pytest.raises(PlatformUnreachable):
                ask()
            assert time.monotonic() - began < SECONDS, address

    assert (called, canary.calls) == ([], [])


def service(row, url):
    """A roster from this address, with a token from there too."""
    return tokens.ask(row, (claims.SCOPE_MEMBERS,), "GET", url, headers={})


def registered(address, client_id):
    """A platform that was registered with such an address all the same."""
    start_writing()
    row = lti.register(
        name="Inside",
        kind=PlatformKind.OTHER,
        issuer=address,
        client_id=client_id,
        auth_url=address,
        token_url=address,
        jwks_url=address,
    )
    db.session.commit()
    return row


@pytest.mark.parametrize("name", ADDRESSES)
def test_no_address_inside_a_description_is_called(
    one_office,
    called,
    canary,
    name,
):
    """Here the server may call this machine, so only what a platform may name protects it."""
    with LiveServer(lambda url: Liar(url, KEY_SET)) as server:
        liar, own = server.app, int(server.url.rpartition(":")[2])
        for host in SPELLINGS:
            for scheme in ("http", "https"):
                began = time.monotonic()
                liar.describes(**{name: f"{scheme}://{host}:{port_of(canary)}/"})
                answer = one_office.browser.post(one_office.path, liar.fields)
                assert answer.status_code == 422, host
                assert time.monotonic() - began < SECONDS, host

    assert {port for _host, port in called} <= {own}
    assert canary.calls == []
    assert registrations() == [0, 0]


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"])
def test_a_public_name_that_leads_inside_is_not_called(
    careful,
    called,
    canary,
    monkeypatch,
    inside,
):
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _host, port, **_: REAL(inside, port, type=socket.SOCK_STREAM)
    )
    address = f"https://lms.example:{port_of(canary)}/"

    dynamic = careful.browser.post(careful.path, {"openid_configuration": address})
    typed = careful.by_hand(kind="moodle", site=address, client_id="a")

    assert last_code(dynamic) == "registration-private"
    assert "private network" in typed.text
    assert (called, canary.calls) == ([], [])


def test_a_name_that_changes_between_two_questions_is_not_called_inside(
    careful,
    monkeypatch,
    canary,
):
    asked, connected = [], []

    def look_up(host, port, **_):
        asked.append(host)
        number = "8.8.8.8" if len(asked) == 1 else "127.0.0.1"
        return REAL(number, port, type=socket.SOCK_STREAM)

    def connect(to, **_):
        connected.append(to[0])
        raise OSError("no network here")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(http.socket, "create_connection", connect)
    address = f"https://lms.example:{port_of(canary)}/"

    for _ in range(2):
        careful.browser.post(careful.path, {"openid_configuration": address})

    assert connected == ["8.8.8.8"]
    assert canary.calls == []
