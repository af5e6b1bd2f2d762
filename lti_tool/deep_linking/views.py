"""Choosing what to link: choose, look at it, send it back; with a cookie or without.

A browser that keeps no cookie in the platform's frame must stay in that frame, because the answer
is posted from there: its forms carry a secret instead, under the platform's own address.
"""

from dataclasses import dataclass

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.db import db, retried, start_reading
from lti_tool.deep_linking import actions, forms, queries
from lti_tool.deep_linking.forms import Chosen
from lti_tool.deep_linking.rules import TOPIC, Texts
from lti_tool.errors import VisitOver
from lti_tool.jobs import wake
from lti_tool.launch import session
from lti_tool.launch.rules import Power
from lti_tool.launch.session import course_blueprint, needs

bp = Blueprint("frame", __name__)
pages = course_blueprint("deep_linking", __name__)


@dataclass(frozen=True)
class Steps:
    """Where the forms of these pages go, and what they carry in place of a cookie."""

    preview: str
    send: str
    secret: str = ""


@pages.get("/link")
@needs(Power.STAFF_PAGES)
def choose() -> str:
    """What can be linked from here."""
    return _choose_page(_own_steps(), Chosen(boards=[forms.WHOLE]))


@pages.post("/link/preview")
@needs(Power.STAFF_PAGES)
def preview() -> AnyResponse:
    """What would appear in the course."""
    return _preview(_own_steps())


@pages.post("/link/send")
@needs(Power.STAFF_PAGES)
def send() -> AnyResponse:
    """Send the choice, or nothing, back to the platform."""
    return _send(_own_steps())


@bp.post("/lti/<registration>/link")
def choose_in_frame(registration: str) -> AnyResponse:
    """The first page in a frame that keeps no cookie."""
    steps = _frame_steps(registration)
    is_open = session.open_by_secret(registration, steps.secret, Power.STAFF_PAGES)
    if not is_open and not _begin(registration, steps.secret):
        place = url_for("launch.notice", registration=registration, notice="who-may-link")
        return redirect(place, 303)
    return Response(_choose_page(steps, Chosen(boards=[forms.WHOLE])))


@bp.post("/lti/<registration>/link/preview")
def preview_in_frame(registration: str) -> AnyResponse:
    """The same as `preview`, without a cookie."""
    return _preview(_opened_steps(registration))


@bp.post("/lti/<registration>/link/send")
def send_in_frame(registration: str) -> AnyResponse:
    """The same as `send`, without a cookie."""
    return _send(_opened_steps(registration))


def _own_steps() -> Steps:
    return Steps(preview=url_for("deep_linking.preview"), send=url_for("deep_linking.send"))


def _frame_steps(registration: str) -> Steps:
    return Steps(
        preview=url_for("frame.preview_in_frame", registration=registration),
        send=url_for("frame.send_in_frame", registration=registration),
        secret=request.form.get("launch", "")[:100],
    )


def _opened_steps(registration: str) -> Steps:
    steps = _frame_steps(registration)
    if not session.open_by_secret(registration, steps.secret, Power.STAFF_PAGES):
        raise VisitOver
    return steps


def _begin(registration: str, secret: str) -> bool:
    """Let the frame in; false where its person has nothing to choose."""

    def begin() -> bool:
        visit = actions.begin_in_frame(session.platform_at(registration), secret)
        db.session.commit()
        if visit is not None:
            session.be_in(visit)
        return visit is not None

    return retried(begin)


def _choose_page(steps: Steps, chosen: Chosen) -> str:
    offer = queries.offer(g.visit)
    return render_template("deep_linking/choose.html", steps=steps, offer=offer, chosen=chosen)


def _preview(steps: Steps) -> AnyResponse:
    offer = queries.offer(g.visit)
    chosen = forms.choice(request.form, offer)
    if "change" in request.form:
        chosen.problems = {}
        return Response(_choose_page(steps, chosen))
    if chosen.problems:
        return Response(_choose_page(steps, chosen), 422)
    links = actions.preview(chosen.choice, offer, _texts())
    page = render_template("deep_linking/preview.html", steps=steps, chosen=chosen, links=links)
    return Response(page)


def _send(steps: Steps) -> AnyResponse:
    found, offer = queries.request_of(g.visit), queries.offer(g.visit)
    chosen = forms.choice(request.form, offer)
    is_cancelled = "cancel" in request.form
    if chosen.problems and not is_cancelled:
        return Response(_choose_page(steps, chosen), 422)
    links = [] if is_cancelled else actions.choose(g.visit, chosen.choice, offer, _texts())
    if is_cancelled:
        actions.cancel(g.visit)
    context = g.member.context
    db.session.commit()
    start_reading()
    answer = actions.signed(context, found, links, _texts())
    g.form_action = answer.origin
    wake("credit.columns")
    return Response(render_template("deep_linking/sent.html", answer=answer))


def _texts() -> Texts:
    return Texts(
        title=gettext("Good Turn"),
        text=gettext("Stuck? Ask your classmates here, and help those who are."),
        topic_title=gettext("Good Turn: %(topic)s", topic=TOPIC),
        topic_text=gettext(
            "Stuck on “%(topic)s”? Ask here, and help classmates who are.", topic=TOPIC
        ),
        cancelled=gettext("Nothing was added."),
    )
