"""The practice LMS as a Flask app: one or more sites, each below the path of its address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, render_template, request

from lti_tool.practice import pages
from lti_tool.practice.cast import EVERYBODY
from lti_tool.practice.exchange import PlatformPage
from lti_tool.practice.model import Person
from lti_tool.practice.site import Site
from lti_tool.practice.traffic import ServiceGate

ABOUT = {player.name: player.about for player in EVERYBODY}
ROOT = Path(__file__).resolve().parent.parent.parent


def create_practice(
    sites: list[Site],
    *,
    move_clock: Callable[[timedelta], None] | None = None,
    clock_offset: Callable[[], timedelta] | None = None,
    title: str = "Practice LMS",
) -> Flask:
    """An app that serves `sites`: their services for tools, and their pages for people.

    `move_clock` and `clock_offset` come from the demo; without them there is no clock to move.
    """
    app = Flask(
        "lti_tool.practice",
        root_path=str(ROOT),
        template_folder="templates/practice",
        static_folder="static/practice",
        static_url_path="/practice-static",
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    has_front = all(site.path for site in sites)
    app.context_processor(lambda: {"practice_title": title, "has_front": has_front})
    for site in sites:
        site.clock_offset = clock_offset or timedelta
        app.register_blueprint(pages.site_blueprint(site, move_clock), name=f"site{id(site)}")
    if has_front:
        app.add_url_rule("/", "front", lambda: front(sites))
    app.register_error_handler(PlatformPage, show_platform_page)
    app.before_request(refuse_foreign_posts)
    app.after_request(lambda response: secured(response, sites))
    app.wsgi_app = ServiceGate(app.wsgi_app, sites)  # type: ignore[method-assign]
    return app


def front(sites: list[Site]) -> str:
    """Choose a flavour and a person: staff and the first three students of each."""
    leads = [
        [(person, role, ABOUT.get(person.name, "")) for person, role in few(site)] for site in sites
    ]
    return render_template("front.html", sites=sites, leads=leads, site=None)


def few(site: Site) -> list[tuple[Person, str]]:
    """The people whom the stories are about: three students, then the staff."""
    every = pages.choices(site)
    students = [one for one in every if one[1] == "Student"]
    return students[:3] + [one for one in every if one[1] != "Student"][:2]


def show_platform_page(page: PlatformPage) -> tuple[str, int]:
    """The platform's own page; the tool hears nothing."""
    return render_template("problem.html", text=page.text, home="/"), page.status


def refuse_foreign_posts() -> None:
    """Forms of these pages come from these pages; only two addresses are posted to by tools."""
    origin = request.headers.get("Origin")
    is_auth = (request.endpoint or "").endswith((".auth", ".deep_linked"))
    if (
        request.method == "POST"
        and origin
        and not is_auth
        and urlsplit(origin).netloc != request.host
    ):
        abort(403)


def tool_origins(sites: list[Site]) -> str:
    """Where the tools are, as a policy wants it."""
    urls = [
        url
        for site in sites
        for tool in list(site.state.tools.values())
        for url in (tool.login_url, *tool.redirect_uris)
    ]
    origins = {"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in urls}
    return " ".join(sorted(origins))


def secured(response: Response, sites: list[Site]) -> Response:
    """Headers of every page for people: nothing inline, and only the tool in a frame."""
    tools = f"{tool_origins(sites)} {g.get('framed', '')}".strip()
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"form-action 'self' {tools}; frame-src 'self' {tools}; frame-ancestors 'self'; "
        "base-uri 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if response.mimetype == "text/html":
        response.headers["Cache-Control"] = "no-store"
    return response
