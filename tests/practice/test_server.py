"""The live server, and a site that is kept in a file."""

import http.client
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from lti_tool.practice.app import create_practice
from lti_tool.practice.server import LiveServer
from lti_tool.practice.site import Site


@pytest.fixture
def server():
    with LiveServer(
        lambda url: create_practice([Site("canvas", base_url=url + "/canvas")])
    ) as started:
        yield started


@pytest.fixture
def connection(server):
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)) as opened:
        yield opened


def get_keys(connection):
    connection.request("GET", "/canvas/api/lti/security/jwks")
    reply = connection.getresponse()
    reply.read()
    return reply.status


def test_the_app_knows_its_own_address_and_answers_there(connection):
    assert get_keys(connection) == 200


def test_a_connection_serves_many_calls(connection):
    kept = []
    for _ in range(3):
        connection.request("POST", "/canvas/login/oauth2/token", b"unread=1")
        connection.getresponse().read()
        kept.append(connection.sock)

    assert kept[0] is not None
    assert kept[0] is kept[1] is kept[2]


def test_a_stopped_server_answers_on_no_old_connection_and_starts_again(server, connection):
    get_keys(connection)
    server.stop()
    with pytest.raises(OSError):
        get_keys(connection)

    connection.close()
    server.start()
    assert get_keys(connection) == 200


def test_a_saved_site_comes_back_as_it_was(tmp_path):
    first = Site("moodle", save_to=tmp_path / "site.json")
    tool = first.add_tool(login_url="https://t/l", launch_url="https://t/x")
    course, ana = first.add_course(title="C"), first.add_person(name="Ana Ruiz")
    first.enrol(course, ana)
    first.add_link(course, tool, title="Help", graded=True)
    first.teacher_sets(course, "Help", ana, 4)

    again = Site("moodle", save_to=tmp_path / "site.json")
    assert again.state == first.state
    assert again.gradebook(again.state.courses[course.number])["Help"][ana.sub].score == 4


def test_a_saved_site_keeps_its_keys(tmp_path):
    first = Site("canvas", save_to=tmp_path / "site.json")
    first.rotate_keys()

    assert Site("canvas", save_to=tmp_path / "site.json").keys.published() == first.keys.published()


def test_registering_a_tool_again_changes_it_and_keeps_its_number():
    site = Site("moodle")
    old = site.add_tool(client_id="c", login_url="https://t/l", launch_url="https://t/x")
    new = site.add_tool(client_id="c", login_url="https://t/2", launch_url="https://t/x")

    assert (new.number, new.login_url) == (old.number, "https://t/2")
    assert len(site.state.tools) == 1
