"""How a visit proves itself: a cookie for the browser, an address for the visit, a token for forms.

Everything after a launch lives under /v/<visit>/…; a package makes its pages with
`course_blueprint`, and each page names the power it needs with `needs`.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, g, request
from sqlalchemy import select, update

from lti_tool import settings
from lti_tool.clock import now
from lti_tool.db import db, is_writing, short_transaction
from lti_tool.errors import N_, Invalid, LaunchRejected, NotAllowed, VisitOver, Words
from lti_tool.launch import rules
from lti_tool.launch.models import Visit
from lti_tool.launch.rules import Power
from lti_tool.lti import queries, refusals
from lti_tool.lti.launches import digest
from lti_tool.lti.models import Registration
from lti_tool.roster.models import Status

COOKIE = "__Host-good-turn"
"""Holds a random browser id and nothing else (decision 1)."""
CSRF_FIELD = "csrf"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORGED = Words(
    "form-expired",
    N_("This form was made by another page or another visit."),
    N_("Go back, reload the page, and send it again; copy what you wrote first."),
)
View = TypeVar("View", bound=Callable[..., Any])


def browser() -> str | None:
    """The id that this browser brought, if it keeps our cookie."""
    value = request.cookies.get(COOKIE, "")
    return value if 20 <= len(value) <= 64 else None


def remember_browser(response: Response, browser_id: str) -> Response:
    """Give the browser its id: partitioned by the site that frames us (CHIPS), gone at its end."""
    response.set_cookie(
        COOKIE,
        browser_id,
        path="/",
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )
    return response


def new_browser() -> str:
    """A fresh browser id."""
    return secrets.token_urlsafe(24)


def course_blueprint(name: str, import_name: str) -> Blueprint:
    """A blueprint whose every page is inside a visit: `g.visit`, `g.member` and `g.role` are set.

    A page that names no power is refused to everyone.
    """
    blueprint = Blueprint(name, import_name, url_prefix="/v/<visit>")
    blueprint.url_value_preprocessor(_take_visit_id)
    blueprint.url_defaults(_add_visit_id)
    blueprint.before_request(_open_visit)
    return blueprint


def needs(power: Power) -> Callable[[View], View]:
    """Say which power a page needs; without it the visit gets 403."""

    def mark(view: View) -> View:
        view.power = power  # type: ignore[attr-defined]
        return view

    return mark


def power_of(endpoint: str) -> Power | None:
    """The power that a page names, if it is one inside a visit."""
    return getattr(current_app.view_functions[endpoint], "power", None)


def belong_to(registration: Registration) -> None:
    """This page belongs to a platform: it may frame the answer, whatever the answer will be."""
    g.frame_origins = queries.frame_origins(registration)


def platform_at(registration: str) -> Registration:
    """The platform of an address; its frame shows the page even when the answer is no."""
    platform = queries.registration_for(registration)
    belong_to(platform)
    if platform.is_disabled:
        raise LaunchRejected(refusals.REGISTRATION_DISABLED)
    return platform


def csrf_token() -> str:
    """The token that forms of this visit carry: an HMAC of it, so nothing is stored."""
    secret = settings.current().SECRET_KEY.encode()
    said = f"csrf\0{g.visit.public_id}\0{g.visit.browser_hash}".encode()
    return hmac.new(secret, said, hashlib.sha256).hexdigest()


def check_same_site() -> None:
    """Refuse a form that another site sent (Fetch Metadata, and Origin where that is missing)."""
    came_from = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin", settings.current().origin)
    if came_from not in ("same-origin", "none") or not _is_own(origin):
        raise Invalid(FORGED)


def _is_own(origin: str) -> bool:
    parts, own = urlsplit(origin), urlsplit(settings.current().origin)
    return (parts.scheme, parts.netloc.lower()) == (own.scheme, own.netloc)


def _take_visit_id(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.visit_id = (values or {}).pop("visit", "")


def _add_visit_id(_endpoint: str, values: dict[str, Any]) -> None:
    if "visit" not in values and "visit" in g:
        values["visit"] = g.visit.public_id


def open_by_secret(registration: str, secret: str, power: Power) -> bool:
    """Open the visit of a frame that keeps no cookie; whether there is one yet.

    Its forms carry the secret that stands for the browser, and so prove themselves.
    """
    platform = platform_at(registration)
    check_same_site()
    ours = (Visit.browser_hash == digest(secret)) & Visit.link_id.is_(None)
    visit = db.session.scalar(select(Visit).where(ours))
    if visit is None:
        return False
    visit = _visit(visit.public_id, secret)
    if visit.member.context.registration_id != platform.id or not rules.may(visit.role, power):
        raise VisitOver
    be_in(visit)
    return True


def be_in(visit: Visit) -> None:
    """Everything on this page starts from `visit`."""
    g.visit, g.member, g.role = visit, visit.member, visit.role
    g.locale = visit.locale  # an error page needs it when the database is gone
    belong_to(visit.member.context.registration)


def _open_visit() -> None:
    """Find the visit of this address and this browser; everything on the page starts from it."""
    visit = _visit(g.visit_id, browser())
    be_in(visit)
    if request.method not in SAFE_METHODS:
        check_same_site()
        if not hmac.compare_digest(
            request.form.get(CSRF_FIELD, "").encode(), csrf_token().encode()
        ):
            raise Invalid(FORGED)
    power = power_of(str(request.endpoint))
    if power is None or not rules.may(visit.role, power):
        raise NotAllowed
    _touch(visit)


def _visit(visit_id: str, browser_id: str | None) -> Visit:
    visit = db.session.scalar(select(Visit).where(Visit.public_id == visit_id))
    if (
        visit is None
        or browser_id is None
        or not hmac.compare_digest(visit.browser_hash, digest(browser_id))
        or visit.ended_at is not None
        or visit.member.status is not Status.ACTIVE
        or not rules.is_visit_open(visit.began_at, visit.seen_at, now())
    ):
        raise VisitOver
    return visit


def _touch(visit: Visit) -> None:
    """Count this page against idleness, at most once a minute."""
    if now() - visit.seen_at < rules.SEEN_EVERY:
        return
    seen = update(Visit).where(Visit.id == visit.id).values(seen_at=now())
    if is_writing():
        db.session.execute(seen)
    else:
        with short_transaction() as connection:
            connection.execute(seen)
