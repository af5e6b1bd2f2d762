"""Nothing leaves the platform, and no name becomes markup."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from lti_tool.course.rules import MAX_TOPIC_NAME, topic_name
from lti_tool.lti.rules import is_within
from lti_tool.practice import vocabulary as v
from tests.conftest import ORIGIN
from tests.deep_linking.hostile import foreign_addresses, titles
from tests.door import code_of, is_refused

CANVAS = ["https://*.instructure.com", "https://canvas.example.edu"]


class Shape(HTMLParser):
    """The tags of a page with the names of their attributes: what a name must not change."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.addresses += [
            value for name, value in attrs if name in ("href", "src", "action", "formaction")
        ]


def request_for(door, **settings):
    """The claims of a deep linking request at this door."""
    wanted = {
        "deep_link_return_url": f"{door.site.base_url}/back",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe"],
    }
    claims = door.claims(door.course.ivy) | {
        v.MESSAGE_TYPE: v.DEEP_LINK_REQUEST,
        v.DEEP_LINK_SETTINGS: wanted | settings,
    }
    return {name: value for name, value in claims.items() if name != v.RESOURCE_LINK}


def own_origin(door):
    parts = urlsplit(door.site.base_url)
    return f"{parts.scheme}://{parts.netloc}"


def test_no_answer_is_sent_to_another_site(door):
    before = door.rows()
    addresses = foreign_addresses(own_origin(door))

    answers = {url: door.knock(request_for(door, deep_link_return_url=url)) for url in addresses}

    assert len(addresses) >= 300
    assert [url for url, answer in answers.items() if not is_refused(answer)] == []
    assert {code_of(answer) for answer in answers.values()} <= {
        "return-foreign", "claim-bad", "claim-missing",
    }  # fmt: skip
    assert door.rows() == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"accept_types": None}, "claim-missing"),
        ({"accept_types": "ltiResourceLink"}, "claim-bad"),
        ({"accept_types": [1]}, "claim-bad"),
        ({"accept_types": []}, "links-unwanted"),
        ({"accept_types": ["link", "file"]}, "links-unwanted"),
        ({"deep_link_return_url": None}, "claim-missing"),
        ({"deep_link_return_url": 5}, "claim-bad"),
        ({"deep_link_return_url": ["x"]}, "claim-bad"),
        ({"accept_multiple": "perhaps"}, "claim-bad"),
        ({"accept_multiple": 1}, "claim-bad"),
        ({"accept_lineitem": []}, "claim-bad"),
        ({"data": {"a": 1}}, "claim-bad"),
        ({"data": "x" * 60_000}, "claim-bad"),
    ],
)
def test_a_request_that_says_something_odd_is_refused(one_door, change, code):
    before = one_door.rows()

    answer = one_door.knock(request_for(one_door, **change))

    assert is_refused(answer)
    assert code_of(answer) in (code, "token-unreadable")
    assert one_door.rows() == before


@pytest.mark.parametrize("settings", [None, [], "x", 5])
def test_a_request_needs_its_settings(one_door, settings):
    claims = request_for(one_door) | {v.DEEP_LINK_SETTINGS: settings}

    answer = one_door.knock(claims)

    assert code_of(answer) == ("claim-missing" if settings is None else "claim-bad")


def test_a_request_for_reviewing_a_submission_stays_refused(one_door):
    claims = request_for(one_door) | {v.MESSAGE_TYPE: "LtiSubmissionReviewRequest"}

    assert code_of(one_door.knock(claims)) == "message-unknown"


@pytest.mark.parametrize(
    "url",
    [
        "https://school.instructure.com/courses/1/deep_linking_response?data=a.b-c_d%20e",
        "https://a.b.instructure.com/x",
        "https://canvas.example.edu/x",
        "https://CANVAS.example.edu:443/x",
    ],
)
def test_a_platforms_own_addresses_are_its_own(url):
    assert is_within(url, CANVAS)


@pytest.mark.parametrize(
    "url",
    [
        "https://instructure.com/x",
        "https://evilinstructure.com/x",
        "https://instructure.com.evil.example/x",
        "http://school.instructure.com/x",
        "https://school.instructure.com:8443/x",
        "https://school.instructure.com./x",
        "https://evil.example/.instructure.com",
        "https://evil.example\\.instructure.com/",
        "https://evil.example#.instructure.com",
        "https://evil.example?.instructure.com",
        "https://x@school.instructure.com/",
        "https://*.instructure.com/",
        "https://school%2einstructure.com/",
        "https://school。instructure.com/",
        "https:school.instructure.com/",
        "https://school.instructure.com\n/",
    ],
)
def test_what_only_looks_like_a_platforms_address_is_not(url):
    assert not is_within(url, CANVAS)


def test_no_name_changes_the_page_that_shows_it(one_course, picker):
    teacher = picker(one_course)
    teacher.begin()
    chooser = teacher.page
    pages = {}
    for name in ["Lab", *titles()]:
        teacher.page = chooser
        pages[name] = teacher.press(board="new", names=name)

    assert len(pages) >= 301
    shapes = {name: Shape(page.text) for name, page in pages.items() if page.status_code == 200}
    lines = {
        name: shape for name, shape in shapes.items() if len(topic_name(name).splitlines()) == 1
    }
    assert len(lines) >= 300
    usual = {tag for tag, _ in shapes["Lab"].tags} | {"li"}
    assert [name for name, shape in lines.items() if {tag for tag, _ in shape.tags} - usual] == []
    attributes = set(shapes["Lab"].tags)
    assert [name for name, shape in lines.items() if set(shape.tags) - attributes] == []
    foreign = [
        url for shape in lines.values() for url in shape.addresses if not url.startswith(("/", "#"))
    ]
    assert foreign == []


def test_no_markup_leaves_in_a_name(one_course, canvas_course, picker):
    names = [name for name in titles() if 0 < len(topic_name(name)) <= MAX_TOPIC_NAME]
    sent = []
    for start in range(0, len(names), 20):
        course = one_course if start < 160 else canvas_course
        teacher = picker(course)
        teacher.begin()
        teacher.press(board="new", names="\n".join(names[start : start + 20]), column="yes")
        page = teacher.press()
        assert page.status_code == 200, page.text
        said = teacher.token()[v.CONTENT_ITEMS]
        made = teacher.answered()
        assert len(made.links) == len(said) > 0
        assert {link.custom.get("good_turn_topic", "") for link in made.links} == {
            one["custom"]["good_turn_topic"] for one in said
        }
        sent += said

    texts = [
        text
        for one in sent
        for text in (one["title"], one["text"], one.get("lineItem", {}).get("label", ""))
    ]
    assert len(names) >= 300
    assert [
        text
        for text in texts
        if re.search(r"[<>\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    ] == []
    assert {one["url"] for one in sent} == {
        one_course.tool.launch_url,
        canvas_course.tool.launch_url,
    }
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", one["custom"]["good_turn_topic"]) for one in sent)


def test_the_answer_may_only_be_posted_to_the_platform(course, picker):
    teacher = picker(course)
    teacher.begin()
    teacher.press(board="whole")
    page = teacher.press()

    policy = page.headers["Content-Security-Policy"]
    origin = "/".join(course.site.base_url.split("/")[:3])
    assert f"form-action {origin};" in policy
    assert "form-action 'self'" in teacher.browser.page("").headers["Content-Security-Policy"]


def test_nothing_that_a_request_says_leads_elsewhere(door, browser_of_nobody):
    """Every parameter that the tool takes, with every address that is not the platform's."""
    addresses = [*foreign_addresses(own_origin(door)), ORIGIN.replace("127.0.0.1", "evil.example")]
    base = door.path.removesuffix("/launch")
    seen = 0
    for url in addresses:
        claims = door.claims() | {v.TARGET_LINK_URI: url}
        login = dict(door.site.login_request(door.course.ana, door.course.link))
        asked = [
            door.knock(claims),
            door.post({"error": "x", "error_description": url, "state": url}),
            browser_of_nobody("POST", f"{base}/login", data=login | {"target_link_uri": url}),
            browser_of_nobody(
                "POST", f"{base}/login", data=login | {"redirect_uri": url, "next": url}
            ),
            browser_of_nobody(
                "GET", f"{base}/launch", query_string={"next": url, "return_url": url}
            ),
        ]
        for answer in asked:
            seen += 1
            place = answer.headers.get("Location", "")
            assert not place or place.startswith((door.site.auth_url, "/")), (url, place)
            assert not place.startswith(("//", "/\\")), (url, place)
            assert answer.status_code < 500, (url, answer.text)
            inside = ("/", "#", door.site.auth_url)
            shown = [to for to in Shape(answer.text).addresses if not to.startswith(inside)]
            assert shown == [], url
    assert seen >= 300 * 5


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1:5000@evil.example", "evil.example:5000"]
)
def test_the_host_header_leads_nowhere(door, host):
    fields = dict(door.site.login_request(door.course.ana, door.course.link))
    client = door.app.test_client()

    begun = door._ask(
        client.post, door.path.replace("/launch", "/login"), data=fields, headers={"Host": host}
    )

    assert "evil.example" not in begun.headers.get("Location", "")
    assert "evil.example" not in begun.text


@pytest.fixture
def browser_of_nobody(door):
    """Any request without a cookie."""

    def ask(method, path, **more):
        client = door.app.test_client(use_cookies=False)
        return door._ask(client.open, path, method=method, **more)

    return ask
