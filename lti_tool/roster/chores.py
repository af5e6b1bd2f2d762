"""What the worker does about people: fetch the rosters that are wanted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lti_tool import jobs
from lti_tool.clock import now
from lti_tool.db import db, start_reading, start_writing
from lti_tool.errors import PlatformRefused, PlatformUnreachable
from lti_tool.lti import members, troubles
from lti_tool.lti.models import Context
from lti_tool.roster import actions, queries, rules

AT_ONCE = 500
"""People who are written in one transaction, so that nobody else waits long."""
PAGES_AHEAD = 8
"""Pages that may be fetched before what came earlier is written."""


class LeaseLost(Exception):
    """This sweep took so long that another worker began anew; or the worker stops."""


@dataclass
class Sweep:
    """One walk through a course's roster, page by page, and what became known on it.

    What a page says is taken over as it comes. Who has left is only known at the end: a walk that
    ends early, for whatever reason, makes nobody leave, and the next one begins anew.
    """

    context_id: int
    began_at: datetime
    lease: datetime
    here: set[int] = field(default_factory=set)
    """User ids of those who are on the roster."""
    joined: int = 0
    left: int = 0

    def walk(self) -> None:
        """Read the whole roster and take it over; raises PlatformUnreachable or LeaseLost."""
        waiting: list[rules.Listed] = []
        for page in jobs.ahead(self._pages, PAGES_AHEAD):
            waiting += [_listed(member) for member in page]
            while len(waiting) >= AT_ONCE:
                self._take_over(waiting[:AT_ONCE])
                del waiting[:AT_ONCE]
            self._stay()
        if waiting:
            self._take_over(waiting)
        if not self.here:
            raise PlatformUnreachable(troubles.ROSTER_EMPTY)
        self._drop_absent()

    def _pages(self) -> Iterator[list[members.Member]]:
        start_reading()
        yield from members.pages(db.session.get_one(Context, self.context_id))

    def _take_over(self, listed: Sequence[rules.Listed]) -> None:
        start_writing()
        context = db.session.get_one(Context, self.context_id)
        arrivals = actions.take_over(context, listed)
        db.session.commit()
        self.here |= arrivals.users
        self.joined += arrivals.joined

    def _drop_absent(self) -> None:
        """The roster is complete: who is not on it has left, some at a time."""
        start_reading()
        absent = [
            place.user_id
            for place in queries.active_places(self.context_id)
            if place.user_id not in self.here and rules.has_left(place, self.began_at)
        ]
        for start in range(0, len(absent), AT_ONCE):
            self._hold()
            gone = absent[start : start + AT_ONCE]
            self.left += actions.drop(self.context_id, gone, self.began_at)
            db.session.commit()

    def _stay(self) -> None:
        """Keep the lease, which outlasts a page but not a long roster; or give up."""
        if jobs.is_stopping():
            raise LeaseLost
        if self.lease - now() < actions.LEASE / 2:
            self._hold()
            db.session.commit()

    def _hold(self) -> None:
        """Begin a transaction that is sure of the lease, and renews it."""
        start_writing()
        longer = actions.renew_lease(self.context_id, self.lease, now())
        if longer is None:
            raise LeaseLost
        self.lease = longer

    def complete(self) -> None:
        """Everything is taken over. Here is the place for what follows a complete roster."""
        self._hold()
        actions.complete_sweep(self.context_id)
        db.session.commit()

    def fail(self, error: PlatformUnreachable) -> None:
        """Note why the walk ended early."""
        self._hold()
        trouble = error.reason or troubles.UNCLEAR.code
        actions.fail_sweep(self.context_id, trouble, error.retry_after)
        db.session.commit()


def sweep() -> None:
    """Fetch every wanted roster; those of one platform one after the other."""
    start_reading()
    wanted = queries.wanted_sweeps(now())
    db.session.rollback()
    if wanted:
        jobs.side_by_side(wanted, sweep_one, 1)
    start_writing()


def sweep_one(_registration_id: int, context_id: int) -> bool:
    """Fetch one course's roster and take it over, if nobody else does.

    Says whether the platform may be asked for another one now.
    """
    start_writing()
    began_at = now()
    lease = actions.lease_sweep(context_id, began_at)
    db.session.commit()
    if lease is None:
        return True
    this = Sweep(context_id, began_at, lease)
    try:
        return _swept(this)
    except LeaseLost:
        db.session.rollback()
        return not jobs.is_stopping()


def _swept(this: Sweep) -> bool:
    try:
        this.walk()
    except PlatformUnreachable as error:
        this.fail(error)
        return isinstance(error, PlatformRefused) and not error.may_pass
    this.complete()
    return True


def _listed(member: members.Member) -> rules.Listed:
    return rules.Listed(sub=member.sub, names=member.names, role=member.role)
