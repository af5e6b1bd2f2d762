"""Every visible word passes through gettext, and another language needs no code.

The pseudo-language puts every translated text into ⟦…⟧: what a page shows outside of these, but
for what people typed, somebody forgot.
"""

import re
from html.parser import HTMLParser

import flask_babel
import pytest
from babel.messages import extract, frontend
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from sqlalchemy import update

from lti_tool.db import db, start_writing
from lti_tool.launch.models import Visit
from tests.conftest import make_course
from tests.house.source import ROOT

TYPED = {"Ana", "Ben", "Ivy", "Ana Ruiz", "1234", "5678", "Olga", "Olga Lind"}
SPOKEN = ("title", "placeholder", "aria-label", "alt")
NEVER_READ = {"script", "style", "time", "code"}
VOID = {"meta", "link", "input", "br", "img", "use", "hr"}


class Pseudo:
    """A language in which every text stands in brackets."""

    def ugettext(self, text):
        return f"⟦{text}⟧"

    def ungettext(self, one, many, number):
        return f"⟦{one if number == 1 else many}⟧"


class Reader(HTMLParser):
    """What a page says to people: its texts, and the attributes that are read out."""

    def __init__(self, page):
        super().__init__()
        self.inside, self.said = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.inside.append(tag)
        if tag not in NEVER_READ:
            self.said += [value for name, value in attributes if name in SPOKEN]

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, text):
        if not NEVER_READ & set(self.inside):
            self.said.append(text)


def unwrapped(page):
    """Words outside of the brackets that nobody typed."""
    said = "\n".join(Reader(page).said)
    while "⟦" in said:
        said, before = re.sub(r"⟦[^⟦⟧]*⟧", "", said), said
        if said == before:
            break
    words = [line.strip() for line in said.splitlines() if re.search(r"[A-Za-z]", line)]
    return [word for word in words if word not in TYPED and not re.fullmatch(r"[0-9a-f]+", word)]


def catalogue():
    """Every text that the extraction of docs/house.md finds."""
    command = frontend.ExtractMessages()
    command.mapping_file = str(ROOT / "config" / "babel.cfg")
    command.input_paths = str(ROOT)
    command.output_file = "-"
    command.keywords = "N_"
    command.finalize_options()
    with (ROOT / "config" / "babel.cfg").open() as mapping:
        methods, options = frontend.parse_mapping_cfg(mapping)
    found = extract.extract_from_dir(
        str(ROOT), method_map=methods, options_map=options, keywords=command.keywords
    )
    return {message for _file, _line, message, _comments, _context in found}


@pytest.fixture
def pseudo(monkeypatch):
    monkeypatch.setattr(flask_babel.Domain, "get_translations", lambda _self: Pseudo())


@pytest.fixture
def german(sqlite_app, tmp_path, monkeypatch):
    """A German translation of two texts."""
    catalog = Catalog(locale="de")
    catalog.add("What are we stuck on?", "Wo hängen wir?")
    catalog.add("This page does not exist, or it is not part of this course.", "Nicht hier.")
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as compiled:
        write_mo(compiled, catalog)
    directories = [str(tmp_path)]
    monkeypatch.setattr(sqlite_app.extensions["babel"], "translation_directories", directories)
    monkeypatch.setattr(flask_babel.Domain, "cache", {}, raising=False)
    return sqlite_app


def story(world, visit, run_chores, app):
    """Pages of a whole journey: each role, empty and full, good and bad forms, every state."""
    ivy = visit(world, world.ivy)
    yield from (ivy.page(at).text for at in ("", "credit/settings"))
    ivy.send("credit/settings", mode="gradebook", full_marks_at="10")
    yield ivy.page("credit/settings").text
    run_chores(app)
    ana, ben = visit(world, world.ana), visit(world, world.ben)
    yield from (ana.page(at).text for at in ("", "ask", "credit"))
    yield ana.send("ask", title="", body="").text
    yield ana.send("ask", title="1" * 201, body="5678").text
    place = ana.send("ask", title="1234", body="5678").headers["Location"].rpartition("/v/")[2]
    place = place.partition("/")[2]
    yield from (one.page(at).text for one in (ana, ben) for at in ("", place))
    yield ben.send(f"{place}/answers", _from=place, body="").text
    ben.send(f"{place}/answers", _from=place, body="1234")
    answer = re.search(r"answers/([^/\"]+)/thanks", ana.page(place).text)[1]
    yield ana.page(place).text
    yield ana.send(f"answers/{answer}/thanks", _from=place, note="1" * 501).text
    ana.send(f"answers/{answer}/thanks", _from=place, note="5678")
    yield from (one.page(at).text for one in (ana, ben, ivy) for at in ("", place, "credit"))
    run_chores(app)
    yield ivy.page("credit/settings").text
    yield from (one.page("credit/settings").text for one in (ana, ben))
    yield ana.page("?before=none").text
    yield ana.send("leave", _from="").text


def test_every_page_of_a_journey_passes_through_gettext(
    sqlite_app, make_site, visit, run_chores, pseudo
):
    world = make_course(make_site("moodle"), title="1234")

    missed = [
        word for page in story(world, visit, run_chores, sqlite_app) for word in unwrapped(page)
    ]

    assert sorted(set(missed)) == []


def test_pages_outside_a_visit_pass_through_gettext(sqlite_app, make_site, browser, pseudo):
    world = make_course(make_site("canvas"), title="1234")
    platform = f"/lti/{world.registration_id}"
    guest, cookieless = browser(), browser()
    address, fields = cookieless.login(world.ana, world.link, world.site)
    cookieless.client.delete_cookie("__Host-good-turn", domain="127.0.0.1")
    cookieless.client = sqlite_app.test_client()
    button = cookieless.post(platform + "/launch", fields).text
    secret = re.search(r'name="launch" value="([^"]+)"', button)[1]

    pages = [
        button,
        cookieless.post(platform + "/open", {"launch": secret}).text,
        *(guest.get(f"{platform}/notice/{name}").text for name in ("who-may", "no-course")),
        *(guest.get(path).text for path in ("/nowhere", "/v/none/", "/lti/none/launch")),
        guest.post("/healthz").text,
        guest.post(platform + "/launch").text,
    ]

    assert address.endswith("/launch")
    assert [word for page in pages for word in unwrapped(page)] == []


def test_a_forgotten_text_is_caught():
    page = '<p>⟦Good⟧ Forgotten <b aria-label="Also forgotten">1234</b> ⟦⟦Ana⟧ asked⟧</p>'

    assert unwrapped(page) == ["Forgotten", "Also forgotten"]


def test_the_extraction_finds_what_templates_and_code_say():
    found = catalogue()

    assert {
        "Ask your classmates",
        "This page does not exist, or it is not part of this course.",
        "Say in a few words what you are stuck on.",
        ("%(num)d answer", "%(num)d answers"),
        "just now",
    } <= found
    assert len(found) > 120
    assert not [text for text in found if "Practice" in text]


def test_the_command_of_the_documents_is_the_one_that_is_tested():
    page = (ROOT / "docs" / "house.md").read_text()

    assert "pybabel extract --mapping-file config/babel.cfg --keyword N_" in page


def test_outside_a_visit_the_browser_names_the_language(german, browser):
    page = browser().get("/nowhere", headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}).text

    assert "Nicht hier." in page
    assert '<html lang="de"' in page


@pytest.mark.parametrize(
    ("named", "heading"),
    [("de", "Wo hängen wir?"), ("de-CH", "Wo hängen wir?"), ("en", "What are we stuck on?")],
)
def test_inside_a_visit_the_platform_names_the_language(german, one_course, visit, named, heading):
    ana = visit(one_course, one_course.ana)
    start_writing()
    db.session.execute(update(Visit).values(locale=named))
    db.session.commit()

    page = ana.get(ana.home, headers={"Accept-Language": "fr"}).text

    assert heading in page


def test_where_the_platform_names_none_the_browser_does(german, one_course, visit):
    ana = visit(one_course, one_course.ana)
    start_writing()
    db.session.execute(update(Visit).values(locale=None))
    db.session.commit()

    assert "Wo hängen wir?" in ana.get(ana.home, headers={"Accept-Language": "de"}).text
