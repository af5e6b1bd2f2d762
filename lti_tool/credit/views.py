"""Pages about credit: one's own, and what the instructor chose."""

from flask import g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.credit import actions, forms, queries, rules
from lti_tool.db import db
from lti_tool.jobs import wake
from lti_tool.launch.rules import Power
from lti_tool.launch.session import course_blueprint, needs

bp = course_blueprint("credit", __name__)


@bp.get("/credit")
@needs(Power.TAKE_PART)
def mine() -> str:
    """What my help has earned, line by line."""
    return render_template(
        "credit/mine.html",
        entries=queries.entries_of(g.member),
        points=queries.points_of(g.member),
        policy=queries.policy_of(g.member),
    )


@bp.get("/credit/settings")
@needs(Power.CONFIGURE)
def settings() -> str:
    """What the instructor chose, and how the gradebook stands."""
    return render_template(
        "credit/settings.html",
        policy=queries.policy_of(g.member),
        column=queries.column_of(g.member.context_id),
        columns=queries.columns_of(g.member.context_id),
        pushes=queries.pushes_in(g.member),
        default_full_marks=rules.FULL_MARKS_AT,
    )


@bp.post("/credit/settings")
@needs(Power.CONFIGURE)
def choose() -> AnyResponse:
    """Take the instructor's choice; a yes makes the grade column."""
    choice = forms.choice(request.form)
    actions.choose(g.member, choice.mode, choice.full_marks_at)
    db.session.commit()
    wake("credit.columns")
    return redirect(url_for(".settings"), 303)
