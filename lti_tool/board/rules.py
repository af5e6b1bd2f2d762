"""Decisions about the board."""

MAX_TITLE = 200
MAX_BODY = 20_000
MAX_NOTE = 500
PAGE = 25


def may_thank(*, member_id: int, asker_id: int, helper_id: int) -> bool:
    """Whether this member may say that the answer helped: only the asker, and never for oneself."""
    return member_id == asker_id and helper_id != asker_id
