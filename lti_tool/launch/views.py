"""The addresses that platforms and browsers meet first: login, launch, keys, configuration."""

from collections.abc import Callable

from flask import Blueprint, Response, g, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.db import db, retried, start_reading, start_writing, writes
from lti_tool.errors import LaunchRejected, NotHere
from lti_tool.jobs import wake
from lti_tool.launch import actions, session
from lti_tool.launch.actions import Entry, Notice
from lti_tool.launch.rules import Power
from lti_tool.lti import keys, launches, refusals
from lti_tool.lti.launches import Verified
from lti_tool.lti.message import Launch
from lti_tool.lti.models import Registration

bp = Blueprint("launch", __name__)
pages = session.course_blueprint("visit", __name__)


@bp.route("/lti/<registration>/login", methods=["GET", "POST"])
@writes
def login(registration: str) -> AnyResponse:
    """Begin a launch: a bare redirect, because Moodle's own session is lost otherwise.

    Only where a platform offers its storage, and no cookie came, a page leaves a proof there first.
    """
    platform = session.platform_at(registration)
    known = session.browser()
    browser = known or session.new_browser()
    begun = launches.begin(platform, request.values, browser, has_cookie=known is not None)
    db.session.commit()
    answer = Response(status=302, headers={"Location": begun.address})
    if begun.storage is not None:
        answer = Response(render_template("launch/store.html", begun=begun))
    return session.remember_browser(answer, browser)


@bp.post("/lti/<registration>/launch")
def launch(registration: str) -> AnyResponse:
    """Take a launch; a browser that brought no cookie is shown a button instead."""
    start_reading()
    platform = session.platform_at(registration)
    browser = session.browser()
    verified = launches.verify(platform, _fields(), browser)
    start_writing()
    if browser is None:
        return _offer_tab(platform, verified)
    return _enter(platform, lambda: launches.use(verified, platform), browser)


@bp.get("/lti/<registration>/launch")
def launch_by_hand(registration: str) -> AnyResponse:
    """Somebody opened the launch address itself; only a platform can."""
    session.platform_at(registration)
    raise LaunchRejected(refusals.TOKEN_MISSING)


@bp.post("/lti/<registration>/open")
def open_tab(registration: str) -> AnyResponse:
    """The button of a launch without cookie: answers, in a new tab, with a code for that tab."""
    platform = session.platform_at(registration)
    session.check_same_site()
    secret = request.form.get("launch", "")
    unproved = actions.unproved(platform, secret, request.form.get("proof", ""))
    if unproved is not None and "named" not in request.form:
        shown = {"registration": platform, "launch": unproved, "secret": secret}
        return Response(render_template("launch/button.html", **shown))
    code = actions.mint_code(platform, secret)
    db.session.commit()
    page = render_template("launch/open.html", registration=platform, code=code)
    browser = session.browser() or session.new_browser()
    return session.remember_browser(Response(page), browser)


@bp.post("/lti/<registration>/enter")
def enter(registration: str) -> AnyResponse:
    """The new tab brings its code, and by now the cookie that its visit is bound to."""
    platform = session.platform_at(registration)
    session.check_same_site()
    browser = session.browser()
    if browser is None:
        raise LaunchRejected(refusals.COOKIES_REFUSED)
    code = request.form.get("code", "")
    return _enter(platform, lambda: actions.redeem(platform, code), browser)


@bp.get("/lti/<registration>/notice/<notice>")
def notice(registration: str, notice: str) -> str:
    """Why a valid launch opens no board here; the same words for everyone."""
    session.platform_at(registration)
    if notice not in set(Notice):
        raise NotHere
    return render_template("launch/notice.html", notice=notice)


@bp.get("/lti/jwks.json")
def jwks() -> AnyResponse:
    """Our public keys, for platforms that check our signature; cacheable for an hour at most."""
    keys.signing_key()
    db.session.rollback()
    answer = jsonify(keys.published())
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


@pages.post("/leave")
@session.needs(Power.TAKE_PART)
def leave() -> AnyResponse:
    """End the visit, for computers that others use too."""
    actions.end(g.visit)
    db.session.commit()
    g.pop("visit")
    return Response(render_template("launch/left.html"))


def _fields() -> dict[str, str]:
    """The form of a launch; a field that stands twice makes it unreadable (RFC 6749 §3.1)."""
    fields = request.form.to_dict(flat=False)
    if any(len(values) > 1 for values in fields.values()):
        raise LaunchRejected(refusals.TOKEN_UNREADABLE)
    return {name: values[0] for name, values in fields.items()}


def _offer_tab(platform: Registration, verified: Verified) -> AnyResponse:
    """The button; it names the person unless the platform's storage may prove who began."""
    taken = launches.use(verified, platform)
    secret = actions.keep_pending(platform, taken, verified.proof_hash)
    db.session.commit()
    shown = {"registration": platform, "launch": taken, "secret": secret}
    if taken.deep_link is not None:
        return Response(render_template("launch/choose.html", **shown))
    if verified.proof_hash is None:
        return Response(render_template("launch/button.html", **shown))
    frame, state = request.form.get("lti_storage_target", "_parent"), request.form["state"]
    storage = launches.storage_of(platform, frame, state)
    return Response(render_template("launch/proof.html", storage=storage, **shown))


def _enter(platform: Registration, take: Callable[[], Launch], browser: str) -> AnyResponse:
    """Use a launch up and let its person in, both or neither."""

    def enter() -> Entry:
        entry = actions.let_in(platform, take(), browser)
        db.session.commit()
        return entry

    return _answer(platform, retried(enter))


def _answer(platform: Registration, entry: Entry) -> AnyResponse:
    """A launch ends in a 303 to a GET, so that a reload is safe."""
    if entry.visit is None:
        place = url_for(".notice", registration=platform.public_id, notice=entry.notice)
        return redirect(place, 303)
    if entry.is_sweep_wanted:
        wake("roster.sweep")
    first = "deep_linking.choose" if entry.is_choosing else "board.index"
    return redirect(url_for(first, visit=entry.visit.public_id), 303)
