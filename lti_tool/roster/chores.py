"""What the worker does about people: fetch the rosters that are wanted."""

from lti_tool.clock import now
from lti_tool.db import db, start_reading, start_writing
from lti_tool.errors import PlatformUnreachable
from lti_tool.lti import members
from lti_tool.lti.models import Context
from lti_tool.roster import actions, queries, rules


def sweep() -> None:
    """Fetch every wanted roster, each in its own transaction; a failed one changes nobody."""
    for context_id in queries.wanted_sweeps(now()):
        start_writing()
        if actions.lease_sweep(context_id, now()):
            db.session.commit()
            sweep_one(context_id)
    start_writing()


def sweep_one(context_id: int) -> None:
    """Fetch one course's roster and take it over if it is complete."""
    began_at = now()
    start_reading()
    context = db.session.get_one(Context, context_id)
    try:
        listed = {member.sub: _listed(member) for member in members.members(context)}
        trouble = "" if listed else "the roster is empty"
    except PlatformUnreachable as error:
        listed, trouble = {}, error.reason or "no answer"
    start_writing()
    if not trouble:
        actions.apply(db.session.get_one(Context, context_id), listed, began_at)
    actions.end_sweep(context_id, trouble=trouble)
    db.session.commit()


def _listed(member: members.Member) -> rules.Listed:
    return rules.Listed(sub=member.sub, names=member.names, role=member.role)
