"""A visit: what one launch lets one browser do, until it ends."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, new_public_id
from lti_tool.lti.models import ResourceLink
from lti_tool.lti.roles import Role
from lti_tool.roster.models import Membership


class Visit(Base):
    """One launch of one person in one browser. Its address opens only with that browser's cookie.

    The role is that of this launch, never remembered from another: a teacher who switches to the
    student role is a student here.
    """

    __tablename__ = "visit"
    personal: ClassVar = frozenset({"locale"})

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=new_public_id)
    browser_hash: Mapped[str] = mapped_column(index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("membership.id"), index=True)
    link_id: Mapped[int | None] = mapped_column(ForeignKey("resource_link.id"), index=True)
    """The link that was clicked; none where somebody is only choosing what to link (deep linking).
    """
    role: Mapped[Role]
    locale: Mapped[str | None]
    began_at: Mapped[datetime] = mapped_column(index=True)
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    member: Mapped[Membership] = relationship(lazy="joined", innerjoin=True)
    link: Mapped[ResourceLink | None] = relationship(lazy="joined")


class DeepLinkRequest(Base):
    """What the platform asked for when it opened this visit, answered at most once."""

    __tablename__ = "deep_link_request"
    personal: ClassVar = frozenset[str]()

    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), primary_key=True)
    deployment_id: Mapped[str]
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The return address, what is accepted, and `data` to give back (Deep Linking 2.0 §3.4)."""
    answered_at: Mapped[datetime | None]

    visit: Mapped[Visit] = relationship()


class PendingLaunch(Base):
    """A launch that was verified and used up, by a browser whose cookie did not come.

    It waits for the button (10 minutes), then for the tab that the button opens (30 seconds).
    """

    __tablename__ = "pending_launch"
    personal: ClassVar = frozenset({"sealed_launch"})

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    sealed_launch: Mapped[str]
    proof_hash: Mapped[str | None]
    """Of what the platform's storage holds, where it can prove which browser began."""
    began_at: Mapped[datetime] = mapped_column(index=True)
    code_hash: Mapped[str | None] = mapped_column(unique=True)
    code_made_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
