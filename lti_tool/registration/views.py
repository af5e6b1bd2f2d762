"""The address of an invitation: steps for people, and registration by the platform itself."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.db import db, start_reading, start_writing
from lti_tool.launch import session
from lti_tool.lti.models import Invite, Registration
from lti_tool.registration import actions, forms, offer, queries, refusals, talk
from lti_tool.registration.forms import Typed
from lti_tool.registration.talk import Asked, Trouble

bp = Blueprint("registration", __name__)


@bp.get("/register/<secret>")
def register(secret: str) -> AnyResponse:
    """Steps for people; for a platform that tells where it describes itself, a yes to ask for."""
    is_asked = "openid_configuration" in request.args
    if is_asked:
        g.frame_origins = queries.frame_ancestors()
    invite = queries.invite_for(secret)
    if invite.registration is not None:
        return _spent(invite, invite.registration)
    if is_asked:
        return _confirm(secret, forms.asked(request.args))
    return _steps(secret, invite, forms.empty(request.args.get("platform", "")))


@bp.post("/register/<secret>")
def register_itself(secret: str) -> AnyResponse:
    """The yes: the platform is asked once to register us, and its window is closed."""
    g.frame_origins = queries.frame_ancestors()
    session.check_same_site()
    invite = queries.invite_for(secret)
    if invite.registration is not None:
        return _spent(invite, invite.registration)
    asked = forms.asked(request.form)
    turn = actions.take_turn(invite, asked)
    db.session.commit()
    answer = talk.register(asked, talk.addresses(turn.public_id))
    start_writing()
    finished = actions.finish(turn, answer)
    db.session.commit()
    if isinstance(finished, Trouble):
        return _failed(finished)
    return Response(render_template("registration/closing.html", registration=finished))


@bp.post("/register/<secret>/by-hand")
def register_by_hand(secret: str) -> AnyResponse:
    """Finish what somebody entered in the platform by hand."""
    session.check_same_site()
    start_reading()
    invite = queries.invite_for(secret)
    if invite.registration is not None:
        return _spent(invite, invite.registration)
    typed = forms.by_hand(request.form)
    key_set = _keys_of(typed)
    start_writing()
    if typed.is_good and queries.is_known(*_names(typed)):
        typed.problems["client_id"] = refusals.KNOWN.cause
    if not typed.is_good:
        return _steps(secret, invite, typed)
    actions.finish_by_hand(invite, typed.platform, typed.registered, key_set)
    db.session.commit()
    return redirect(url_for(".register", secret=secret), 303)


@bp.get("/lti/<registration>/config.json")
def configuration(registration: str) -> AnyResponse:
    """What Canvas's developer-key form takes; there as soon as somebody is invited."""
    platform = queries.platform_at(registration)
    if platform is not None:
        session.belong_to(platform)
    return jsonify(offer.canvas_configuration(talk.addresses(registration)))


def _keys_of(typed: Typed) -> dict[str, Any]:
    """The platform's keys; where there are none, the form says so beside the address."""
    if not typed.is_good:
        return {}
    db.session.rollback()
    found = talk.key_set_of(typed.platform)
    if isinstance(found, Trouble):
        typed.problems[typed.first_address] = found.words.cause
        return {}
    return found


def _names(typed: Typed) -> tuple[str, str, str]:
    platform = typed.platform
    return platform.issuer, typed.registered.client_id, platform.auth_url


def _confirm(secret: str, asked: Asked) -> AnyResponse:
    db.session.rollback()
    platform = talk.look(asked)
    if isinstance(platform, Trouble):
        return _failed(platform)
    page = render_template(
        "registration/confirm.html",
        secret=secret,
        asked=asked,
        platform=platform,
        host=urlsplit(platform.issuer).netloc,
    )
    return Response(page)


def _steps(secret: str, invite: Invite, typed: Typed) -> AnyResponse:
    page = render_template(
        "registration/steps.html",
        secret=secret,
        invite=invite,
        typed=typed,
        ours=talk.addresses(invite.registration_public_id),
        address=talk.invitation(secret),
        custom="\n".join(f"{k}={v}" for k, v in offer.custom_parameters(typed.kind).items()),
    )
    return Response(page, 200 if typed.is_good else 422)


def _spent(invite: Invite, registration: Registration) -> AnyResponse:
    """The invitation has served: how the registration stands, and what to do next."""
    page = render_template(
        "registration/spent.html",
        invite=invite,
        registration=registration,
        seen=queries.seen_of(registration),
    )
    return Response(page, 410)


def _failed(trouble: Trouble) -> AnyResponse:
    g.error_code = trouble.words.code
    return Response(render_template("registration/failed.html", trouble=trouble), 422)
