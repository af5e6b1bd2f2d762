"""Every word of the pages passes through gettext, and no secret reaches a log or another site."""

import re

from tests.foundations.test_languages import pseudo, unwrapped  # noqa: F401
from tests.foundations.test_logs import written  # noqa: F401
from tests.registration.conftest import Office, asked_of
from tests.registration.test_journeys import opened

KINDS = ("", "moodle", "canvas", "other")
AS_IS = re.compile(r"[a-z_]+=\$[\w.]+|127\.0\.0\.1(:\d+)?")


def pages(app, make_site, dialect, visit):
    """Pages of a whole registration, its troubles included."""
    site, office = make_site(dialect), Office(app, "1234")
    yield from (office.open(f"?platform={kind}").text for kind in KINDS)
    yield from (office.by_hand(kind=kind).text for kind in KINDS[1:])
    yield office.open("?openid_configuration=nowhere").text
    yield office.open(f"?openid_configuration={site.base_url}/nowhere").text
    yield office.browser.post(office.path, asked_of(site) | {"registration_token": "x"}).text
    yield (confirm := office.paste(site)).text
    yield office.press(confirm.text).text
    yield office.open().text
    course = opened(site, office)
    Office(app).browser.login(course.ana, course.link, site)
    yield office.open().text
    visit(course, course.ana)
    yield office.open().text


def test_every_page_passes_through_gettext(sqlite_app, make_site, dialect, visit, pseudo):  # noqa: F811
    said = [
        word
        for page in pages(sqlite_app, make_site, dialect, visit)
        for word in unwrapped(page)
        if not AS_IS.fullmatch(word)
    ]

    assert said == []


def test_no_secret_of_a_registration_is_logged(sqlite_app, make_site, written):  # noqa: F811
    site, office = make_site("canvas"), Office(sqlite_app, "Secret School")
    secret = office.path.rpartition("/")[2]
    fields = asked_of(site)

    office.open()
    office.browser.get(office.path, query_string=fields)
    office.browser.post(office.path, fields)
    office.open()

    log = str(written())
    assert "registration.register" in log
    for word in (secret, fields["registration_token"], "Secret School", site.base_url):
        assert word not in log


def test_the_secret_stays_on_the_page(one_office):
    for kind in KINDS:
        page = one_office.open(f"?platform={kind}")
        links = re.findall(r'(?:href|src|action)="([^"#]+)', page.text)
        assert links
        assert all(link.startswith("/") for link in links)
        assert page.headers["Referrer-Policy"] == "same-origin"
