"""The staff's page about a course in time."""

from zoneinfo import available_timezones

from flask import g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.course import actions, forms, queries
from lti_tool.db import db
from lti_tool.jobs import wake
from lti_tool.launch.rules import Power
from lti_tool.launch.session import course_blueprint, needs

bp = course_blueprint("course", __name__)


@bp.get("/course")
@needs(Power.STAFF_PAGES)
def staff() -> str:
    """How the course stands with its platform, and what staff can set."""
    return render_template(
        "course/staff.html",
        state=queries.state_of(g.member),
        zones=sorted(available_timezones()),
    )


@bp.post("/course/zone")
@needs(Power.CONFIGURE)
def keep_zone() -> AnyResponse:
    """Set the course's time zone."""
    actions.keep_zone(g.member, forms.zone(request.form))
    db.session.commit()
    return redirect(url_for(".staff"), 303)


@bp.get("/course/run")
@needs(Power.CONFIGURE)
def new_run() -> str:
    """What a new run means, before it begins."""
    return render_template("course/new_run.html", context=g.member.context)


@bp.post("/course/run")
@needs(Power.CONFIGURE)
def begin_run() -> AnyResponse:
    """Begin a new run; the old one is closed."""
    actions.begin_run(g.member, forms.run(request.form))
    db.session.commit()
    return redirect(url_for(".staff"), 303)


@bp.post("/course/run/undo")
@needs(Power.CONFIGURE)
def undo_run() -> AnyResponse:
    """Take the last new run back."""
    actions.undo_run(g.member, forms.run(request.form))
    db.session.commit()
    wake("credit.send")
    return redirect(url_for(".staff"), 303)


@bp.post("/course/go-on")
@needs(Power.CONFIGURE)
def go_on() -> AnyResponse:
    """The new people belong to the run that is on."""
    actions.go_on(g.member)
    db.session.commit()
    return redirect(url_for(".staff"), 303)


@bp.post("/course/sections")
@needs(Power.CONFIGURE)
def keep_sections() -> AnyResponse:
    """Choose whether sections see each other."""
    actions.keep_sections(g.member, forms.sections(request.form))
    db.session.commit()
    return redirect(url_for(".staff"), 303)
