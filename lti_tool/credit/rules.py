"""Decisions about credit: what help is worth, how points become a score, when to try again."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

POINTS_FOR_UNSTUCK = 1
FULL_MARKS_AT = 10
FIRST_RETRY = timedelta(seconds=2)
LAST_RETRY = timedelta(hours=1)
LONGEST_ASKED = timedelta(days=1)
"""A platform may ask for more patience than we would have, within reason."""
EXEMPT_FOR = timedelta(days=1)
PLATFORM_FIRST = timedelta(minutes=10)
"""How long the platform has to make a column with a link before we make one."""
FAILURES_BEFORE_PAUSE = 5
SAME = 1e-6
"""Shares of a maximum that differ by less are the same: platforms round."""


def score_for(points: int, full_marks_at: int, maximum: float) -> float:
    """The score in a column: linear up to its maximum, which `full_marks_at` helps give."""
    share = min(max(points, 0), full_marks_at)
    return round(share * maximum / full_marks_at, 2)


def is_wanted(points: int, *, is_learner: bool, is_known: bool = False) -> bool:
    """Whether a person has a score at all: no zero for those who have not helped yet.

    A zero goes only where a score went before: a column of a topic may take its points over.
    """
    return is_learner and (points > 0 or is_known)


def lasting(wanted: float, known: float | None, *, run: int) -> float:
    """The score to wish for: in a later run of a course nobody's sinks for beginning anew."""
    return wanted if run == 1 or known is None else max(wanted, known)


def points_in(column: str, columns: Collection[str], points: Mapping[str, int]) -> int:
    """The points that count in the column of a topic, or in the course's, which is "".

    An act counts for its topic's column where there is one, else for the course's (decision 24).
    """
    if column:
        return points.get(column, 0)
    return sum(earned for topic, earned in points.items() if not topic or topic not in columns)


def full_marks_in(column: str, maximum: int, full_marks_at: int) -> int:
    """How many helps give full marks: in a topic's column each is one of its points."""
    return maximum if column else full_marks_at


def retry_after(attempts: int, asked: int | None, chance: random.Random) -> timedelta:
    """How long to wait after the n-th failure: full jitter from 2 s to 1 h, or what was asked for.

    Full jitter, so that the scores of a class do not come back all at once.
    """
    if asked is not None:
        return min(timedelta(seconds=max(asked, 1)), LONGEST_ASKED)
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
    NOTHING = "nothing"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class Cell:
    """One entry of the gradebook: points and their share of the maximum; none when emptied."""

    points: float | None
    share: float | None


def compare(cell: Cell | None, wanted: float, ours: Sequence[float], maximum: float) -> Shown:
    """Whether the gradebook shows what we want, what we sent, nothing, or a teacher's decision.

    `ours` holds what was known to be sent and what may have arrived. A teacher who changes the
    maximum changes no grade, whichever of points and share their platform keeps. An entry without
    a score was emptied by a teacher if we ever sent one. No entry at all says nothing: Canvas has
    none before our first score, nor for those who are not students at the moment.
    """
    if cell is None or (cell.share is None and not ours):
        return Shown.NOTHING
    if _same(cell.share, wanted / maximum):
        return Shown.AS_WANTED
    if any(_same(cell.share, one / maximum) or _same(cell.points, one) for one in ours):
        return Shown.AS_SENT
    return Shown.FOREIGN


def _same(shown: float | None, known: float) -> bool:
    return shown is not None and abs(shown - known) < SAME


class Verdict(StrEnum):
    """What a platform's refusal of a score means."""

    RETRY = "retry"
    """The platform is in trouble: it is asked less, and this score goes when it answers."""
    LATER = "later"
    """Only this score: its timestamp (look again, take a later one), or a locked grade."""
    EXEMPT = "exempt"
    COLUMN_GONE = "column_gone"
    REFUSED = "refused"


@dataclass(frozen=True)
class Refusal:
    """A platform's answer, as far as it decides anything."""

    http_status: int
    is_moodle: bool
    is_of_score: bool
    """Whether it refused the score itself, and not something asked for on the way to it."""


def verdict(refusal: Refusal) -> Verdict:
    """What to do about a refusal (docs/platforms.md, the table of answers)."""
    status = refusal.http_status
    if status in (404, 410, 412):
        return Verdict.COLUMN_GONE
    if status in (401, 403):
        return Verdict.REFUSED
    if refusal.is_of_score and 400 <= status <= 500 and status not in (408, 425, 429):
        return _of_score(status, is_moodle=refusal.is_moodle)
    return Verdict.RETRY


def _of_score(status: int, *, is_moodle: bool) -> Verdict:
    """What an answer to a score says about this score: Moodle has 500 for a locked grade."""
    if status == 500:
        return Verdict.LATER if is_moodle else Verdict.RETRY
    if status == 409 or (status == 400 and not is_moodle):
        return Verdict.LATER
    return Verdict.EXEMPT if status in (400, 422) else Verdict.REFUSED
