"""Decisions about credit: what help is worth, how points become a score, when to try again."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

POINTS_FOR_UNSTUCK = 1
FULL_MARKS_AT = 10
FIRST_RETRY = timedelta(seconds=2)
LAST_RETRY = timedelta(hours=1)
FAILURES_BEFORE_PAUSE = 5
SAME = 1e-6
"""Shares of a maximum that differ by less are the same: platforms round."""


def score_for(points: int, full_marks_at: int) -> float:
    """The score in a column whose maximum is `full_marks_at`: linear, and never above it."""
    return float(min(max(points, 0), full_marks_at))


def is_wanted(points: int, *, is_learner: bool) -> bool:
    """Whether a person has a score at all: no zero for those who have not helped yet."""
    return is_learner and points > 0


def retry_after(attempts: int, asked: int | None, chance: random.Random) -> timedelta:
    """How long to wait after the n-th failure: full jitter from 2 s to 1 h, or what was asked for.

    Full jitter, so that the scores of a class do not come back all at once.
    """
    if asked is not None:
        return min(timedelta(seconds=max(asked, 1)), LAST_RETRY)
    doubled: int = 2 ** min(attempts, 12)
    ceiling = min(FIRST_RETRY * doubled, LAST_RETRY)
    return max(timedelta(seconds=1), ceiling * chance.random())


def next_stamp(last: datetime | None, now: datetime) -> datetime:
    """The timestamp of a new score: now, but a whole second after the last one (Moodle: 409)."""
    now = now.replace(microsecond=0)
    return now if last is None else max(now, last.replace(microsecond=0) + timedelta(seconds=1))


class Shown(StrEnum):
    """What the gradebook shows, compared with what we know we sent."""

    AS_WANTED = "as_wanted"
    AS_SENT = "as_sent"
    FOREIGN = "foreign"


def compare(shown: float | None, wanted: float, ours: tuple[float | None, ...]) -> Shown:
    """Whether the share that the gradebook shows is what we want, what we sent, or a teacher's.

    `ours` holds what was known to be sent and what may have arrived; all are shares of the
    maximum, because a teacher who changes the maximum changes no grade. An empty cell is ours
    only where nothing was ever known to be sent.
    """
    if shown is not None and abs(shown - wanted) < SAME:
        return Shown.AS_WANTED
    if shown is None:
        return Shown.AS_SENT if ours[0] is None else Shown.FOREIGN
    if any(value is not None and abs(shown - value) < SAME for value in ours):
        return Shown.AS_SENT
    return Shown.FOREIGN


class Verdict(StrEnum):
    """What a platform's refusal of a score means."""

    RETRY = "retry"
    LOOK = "look"
    """Its clock or ours: read the result to know whether the score arrived."""
    EXEMPT = "exempt"
    COLUMN_GONE = "column_gone"
    REFUSED = "refused"


@dataclass(frozen=True)
class Refusal:
    """A platform's answer to a score, as far as it decides anything."""

    http_status: int
    is_moodle: bool


def verdict(refusal: Refusal) -> Verdict:
    """What to do about a refused score (lti.md §6, the table of answers)."""
    status = refusal.http_status
    if status in (408, 425, 429) or status >= 500:
        return Verdict.RETRY
    if status in (404, 410, 412):
        return Verdict.COLUMN_GONE
    if status == 409 or (status == 400 and not refusal.is_moodle):
        return Verdict.LOOK
    if status == 422 or (status == 400 and refusal.is_moodle):
        return Verdict.EXEMPT
    return Verdict.REFUSED
