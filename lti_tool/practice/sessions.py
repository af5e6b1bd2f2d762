"""Who is logged in to the pretend LMS: one signed cookie per site."""

from urllib.parse import urlsplit

from flask import request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from lti_tool.practice.model import Person
from lti_tool.practice.site import Site

LOOPBACK = frozenset({"localhost", "127.0.0.1"})
NAMES = {"moodle": "MoodleSession", "canvas": "canvas_session"}


def logged_in(site: Site) -> Person | None:
    """The person that this browser entered as."""
    try:
        sub = _seal(site).loads(request.cookies.get(cookie_name(site), ""))
    except BadSignature:
        return None
    return site.state.people.get(str(sub))


def log_in(site: Site, person: Person, response: Response) -> Response:
    """Set the cookie: `SameSite=Lax; HttpOnly`, as current Moodle forces.

    Canvas says `None; Secure`, which browsers keep for https and for this machine's own names.
    """
    host = urlsplit(site.base_url).hostname or ""
    is_trusted = site.base_url.startswith("https:") or host in LOOPBACK
    crossing = site.dialect_name == "canvas" and is_trusted
    response.set_cookie(
        cookie_name(site),
        _seal(site).dumps(person.sub),
        path=site.path or "/",
        httponly=True,
        secure=crossing or site.base_url.startswith("https:"),
        samesite="None" if crossing else "Lax",
    )
    return response


def log_out(site: Site, response: Response) -> Response:
    """Forget who it was."""
    response.delete_cookie(cookie_name(site), path=site.path or "/")
    return response


def cookie_name(site: Site) -> str:
    """What the LMS calls its cookie; the path keeps two sites on one host apart."""
    return NAMES[site.dialect_name]


def _seal(site: Site) -> URLSafeSerializer:
    return URLSafeSerializer(site.state.secret, salt="practice login")
