"""What the worker does for the front door."""

from lti_tool.db import db
from lti_tool.launch import actions


def purge() -> None:
    """Forget launches and visits that are over."""
    actions.purge()
    db.session.commit()
