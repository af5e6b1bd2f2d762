"""What every page shares: error pages, headers, languages, template helpers, the access log."""

import hashlib
import secrets
import time
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, render_template, request, url_for
from flask_babel import Babel, format_datetime, format_timedelta, get_locale, gettext
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from lti_tool import metrics, settings
from lti_tool.clock import course_now
from lti_tool.course import queries as course
from lti_tool.db import start_reading, start_writing
from lti_tool.errors import N_, Invalid, NotHere, PlatformUnreachable, ToolError, Words
from lti_tool.launch import rules, session
from lti_tool.launch.rules import Power
from lti_tool.lti import troubles
from lti_tool.roster import queries as roster
from lti_tool.settings import ROOT

log = structlog.get_logger()
MAX_REQUEST_BYTES = 1_000_000
RETRY_SECONDS = 30
SELF = "'self'"
TOO_LARGE = Words(
    "too-large",
    N_("What was sent is larger than anything this page takes."),
    N_("Go back and send less."),
)
WRONG_USE = Words(
    "wrong-use",
    N_("This address is not used that way."),
    N_("Go back to the board, or open Good Turn again from your course."),
)


def init_app(app: Flask) -> None:
    """Give `app` everything its pages share."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_REQUEST_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_REQUEST_BYTES
    Babel(app, locale_selector=_locale, timezone_selector=_zone)
    app.before_request(_begin)
    app.after_request(_headers)
    app.after_request(_log)
    app.register_error_handler(ToolError, show_error)
    app.register_error_handler(HTTPException, _show_http_error)
    app.register_error_handler(Exception, _show_mistake)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(_for_templates)
    app.jinja_env.filters["ago"] = _ago
    app.jinja_env.filters["paragraphs"] = _paragraphs
    app.jinja_env.filters["trouble"] = _trouble


def show_error(error: ToolError) -> Response:
    """One page for every error: what happened, what to do next, and a code to quote."""
    g.error_code = error.words.code
    answer = Response(render_template("error.html", words=error.words), error.status)
    if isinstance(error, PlatformUnreachable):
        answer.headers["Retry-After"] = str(error.retry_after or RETRY_SECONDS)
    return answer


def _show_http_error(error: HTTPException) -> Response:
    if isinstance(error, NotFound):
        return show_error(NotHere())
    is_large = isinstance(error, RequestEntityTooLarge)
    shown = Invalid(TOO_LARGE if is_large else WRONG_USE)
    shown.status = error.code or 400
    answer = show_error(shown)
    if isinstance(error, MethodNotAllowed):
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return answer


def _show_mistake(_error: Exception) -> Response:
    """A mistake of ours: logged by its place, and never shown."""
    log.exception("mistake", endpoint=request.endpoint)
    return show_error(ToolError())


def _begin() -> None:
    g.began = time.monotonic()
    g.request_id = secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    view = current_app.view_functions.get(request.endpoint or "")
    is_safe = request.method in session.SAFE_METHODS and not getattr(view, "writes", False)
    (start_reading if is_safe else start_writing)()
    if "\0" in request.path or any("\0" in value for value in request.args.values()):
        raise NotHere  # no id holds this character, and databases refuse it


def _headers(response: Response) -> Response:
    """Security headers: nothing inline, nothing from elsewhere, framed only by our platforms."""
    headers = response.headers
    headers["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            f"form-action {g.get('form_action', SELF)}",
            "base-uri 'none'",
            f"frame-ancestors {' '.join(_frame_ancestors())}",
        )
    )
    headers["Referrer-Policy"] = "same-origin"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if request.endpoint == "static":
        is_named_by_content = "v" in request.args and response.status_code < 400
        lasting = "public, max-age=31536000, immutable" if is_named_by_content else "no-cache"
        headers["Cache-Control"] = lasting
    else:
        headers.setdefault("Cache-Control", "no-store")
    if settings.current().origin.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def _frame_ancestors() -> list[str]:
    """Whose pages may frame this one (decision 5): a refusal must never be a blank frame."""
    if "frame_origins" in g:
        return g.frame_origins or ["'none'"]
    if request.path.startswith("/v/"):
        here = ["http://localhost:*", "http://127.0.0.1:*", "http://*.localhost:*"]
        return ["https:", *(here if settings.current().is_loopback else [])]
    return ["'none'"]


def _log(response: Response) -> Response:
    ms = 1000 * (time.monotonic() - g.get("began", time.monotonic()))
    endpoint = request.endpoint or "none"
    code = g.get("error_code", "")
    metrics.count(endpoint, request.method, response.status_code, ms, code)
    log.info(
        "request",
        endpoint=endpoint,
        method=request.method,
        status=response.status_code,
        ms=round(ms, 1),
        code=code,
    )
    return response


def _locale() -> str | None:
    """The language the platform named, else what the browser asks for; English otherwise."""
    known = [str(locale) for locale in current_app.extensions["babel"].instance.list_translations()]
    named = (g.get("locale") or "").replace("-", "_")
    for wanted in (named, named.partition("_")[0]):
        if wanted in known:
            return wanted
    return request.accept_languages.best_match(known, "en")


def _zone() -> str | None:
    member = g.get("member")
    zone = member.context.time_zone if member is not None else None
    return zone or settings.current().DEFAULT_TIMEZONE


def _for_templates() -> dict[str, Any]:
    """What templates may call."""
    return {
        "Power": Power,
        "may": lambda power: "role" in g and rules.may(g.role, power),
        "is_course_over": lambda: course.is_over(g.member.context),
        "is_course_waiting": lambda: course.is_waiting(g.member),
        "name_of": name_of,
        "csrf": _csrf_field,
        "asset": asset,
        "exact_time": lambda moment: format_datetime(moment, "medium"),
        "language": str(get_locale() or "en").replace("_", "-"),
        "direction": get_locale().text_direction if get_locale() else "ltr",
        "support_contact": settings.current().SUPPORT_CONTACT,
    }


def name_of(member_id: int) -> str:
    """What a member is called here; the names of the course are read once a page."""
    if "names" not in g:
        g.names = roster.names_in(g.member.context_id)
    name: str | int = g.names.get(member_id, 0)
    return name if isinstance(name, str) else gettext("Classmate %(number)s", number=name)


def asset(filename: str) -> str:
    """The address of a static file, named by its content so that browsers may keep it."""
    return url_for("static", filename=filename, v=_fingerprint(filename, _mtime(filename)))


def _mtime(filename: str) -> int:
    return (Path(ROOT) / "static" / filename).stat().st_mtime_ns


@lru_cache(maxsize=256)
def _fingerprint(filename: str, _changed_at: int) -> str:
    content = (Path(ROOT) / "static" / filename).read_bytes()
    return hashlib.sha256(content).hexdigest()[:12]


def _csrf_field() -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(
        session.CSRF_FIELD, session.csrf_token()
    )


def _ago(moment: datetime) -> str:
    """How long ago, in words of the page's language."""
    apart = moment - course_now()
    if abs(apart.total_seconds()) < 60:
        return str(gettext("just now"))
    return str(format_timedelta(apart, granularity="minute", add_direction=True))


def _trouble(code: str) -> str:
    """What went wrong between us and a platform, and what to do, by the code that a row keeps."""
    words = troubles.words_of(code)
    return f"{gettext(words.cause)} {gettext(words.next_step)}"


def _paragraphs(text: str) -> Markup:
    """Plain text as paragraphs; every character of it is only text."""
    parts = [part for part in text.split("\n\n") if part.strip()]
    lines = [Markup("<br>").join(part.strip("\n").split("\n")) for part in parts]
    return Markup("\n").join(Markup("<p>{}</p>").format(line) for line in lines)
