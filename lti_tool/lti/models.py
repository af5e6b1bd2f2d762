"""What platforms told us: who they are, their courses and links, and what we keep to talk to them.

Names are those of the LTI specifications; a Context is what people call a course.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, new_public_id

NOTHING: frozenset[str] = frozenset()


class PlatformKind(StrEnum):
    """Whose manners a platform has: docs/platforms.md says where they differ."""

    MOODLE = "moodle"
    CANVAS = "canvas"
    OTHER = "other"


class Registration(Base):
    """One LMS that may launch the tool: a platform and our client id there.

    It has login and launch addresses of its own, because all hosted Canvas schools share one
    issuer and (issuer, client id) may collide between self-hosted ones.
    """

    __tablename__ = "registration"
    personal: ClassVar = NOTHING

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=new_public_id)
    name: Mapped[str]
    kind: Mapped[PlatformKind] = mapped_column(default=PlatformKind.OTHER)
    issuer: Mapped[str]
    client_id: Mapped[str]
    auth_url: Mapped[str]
    token_url: Mapped[str]
    jwks_url: Mapped[str]
    extra_frame_origins: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Origins the administrator added to those that follow from the addresses."""
    is_practice: Mapped[bool] = mapped_column(default=False)
    is_disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    deployments: Mapped[list["Deployment"]] = relationship(back_populates="registration")


class Deployment(Base):
    """One installation of the tool inside a platform."""

    __tablename__ = "deployment"
    __table_args__ = (UniqueConstraint("registration_id", "deployment_id"),)
    personal: ClassVar = NOTHING

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    deployment_id: Mapped[str]
    created_at: Mapped[datetime]

    registration: Mapped[Registration] = relationship(back_populates="deployments")


class Invite(Base):
    """One address at which one platform may be registered, once, within seven days.

    The registration's own id is chosen when the invitation is made, so that its addresses can be
    entered in the platform before the platform tells us its client id.
    """

    __tablename__ = "invite"
    personal: ClassVar = NOTHING

    id: Mapped[int] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    registration_public_id: Mapped[str] = mapped_column(unique=True, default=new_public_id)
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id"), index=True)
    """What it was spent for; none while it is open."""
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]
    registering_until: Mapped[datetime | None]
    """A lease: while one registration is under way no other begins."""
    attempt_hash: Mapped[str | None]
    """Of the last request that a platform was sent and may have taken; it is never sent again."""

    registration: Mapped[Registration | None] = relationship()


class PlatformKeys(Base):
    """A platform's public keys as last fetched, shared by all workers."""

    __tablename__ = "platform_keys"
    personal: ClassVar = NOTHING

    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"), primary_key=True)
    key_set: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    fetched_at: Mapped[datetime | None]
    fetches_left: Mapped[float]
    """Tokens of the fetch bucket: see rules.may_fetch."""
    counted_at: Mapped[datetime]
    fetching_until: Mapped[datetime | None]
    """A lease: one worker fetches, the others wait for what it brings."""


class ToolKey(Base):
    """One of our own signing keys; the private half is sealed with the secret key."""

    __tablename__ = "tool_key"
    personal: ClassVar = NOTHING

    kid: Mapped[str] = mapped_column(primary_key=True)
    sealed_private_key: Mapped[str]
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]


class AccessToken(Base):
    """A platform's access token for its services, sealed, until it expires."""

    __tablename__ = "access_token"
    __table_args__ = (UniqueConstraint("registration_id", "scopes"),)
    personal: ClassVar = NOTHING

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    scopes: Mapped[str]
    sealed_token: Mapped[str]
    expires_at: Mapped[datetime]


class LoginState(Base):
    """One login that began: what the launch must bring back, once (OIDC state and nonce).

    The only row ever written for an unsigned request; their number is capped and they are purged.
    """

    __tablename__ = "login_state"
    personal: ClassVar = NOTHING

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"), index=True)
    state_hash: Mapped[str] = mapped_column(unique=True)
    nonce: Mapped[str]
    browser_hash: Mapped[str]
    proof_hash: Mapped[str | None]
    """Of what the platform's storage keeps for a browser that keeps no cookies."""
    created_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    refused: Mapped[str | None]
    """Why the launch that answered it was refused, as a code; `doctor` counts these."""


class SectionsPolicy(StrEnum):
    """Whether the sections of a course see each other."""

    AUTOMATIC = "automatic"
    """Apart where the platform sends sections with different staff, together elsewhere."""
    TOGETHER = "together"
    APART = "apart"


class Context(Base):
    """A course of a platform, known by (registration, context.id)."""

    __tablename__ = "context"
    __table_args__ = (UniqueConstraint("registration_id", "context_id"),)
    personal: ClassVar = NOTHING

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=new_public_id)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    context_id: Mapped[str]
    title: Mapped[str]
    label: Mapped[str]
    time_zone: Mapped[str | None]
    """The instructor's zone at their first launch; none until then."""
    memberships_url: Mapped[str | None]
    lineitems_url: Mapped[str | None]
    scopes: Mapped[str] = mapped_column(default="")
    """AGS scopes granted at the last launch, space-separated."""
    history: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Context ids of the courses it was copied from, nearest first, as the platform says."""
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("context.id"), index=True)
    """The course of this platform that it was recognised as a copy of; gives no access to it."""
    copy_settled_at: Mapped[datetime | None]
    """When an instructor said what to take over from there, if anything."""
    ends_at: Mapped[datetime | None]
    is_concluded: Mapped[bool] = mapped_column(default=False)
    """As the platform said at the last launch that told it."""
    run: Mapped[int] = mapped_column(default=1)
    """The run that is on: the same course may come back with other people."""
    sections: Mapped[SectionsPolicy] = mapped_column(default=SectionsPolicy.AUTOMATIC)
    created_at: Mapped[datetime]

    registration: Mapped[Registration] = relationship()


class ResourceLink(Base):
    """One place in a course that opens the tool."""

    __tablename__ = "resource_link"
    __table_args__ = (UniqueConstraint("context_id", "resource_link_id"),)
    personal: ClassVar = NOTHING

    id: Mapped[int] = mapped_column(primary_key=True)
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    resource_link_id: Mapped[str]
    title: Mapped[str]
    lineitem_url: Mapped[str | None]
    """The column that the platform itself made for this link, if any (a coupled line item)."""
    topic_key: Mapped[str] = mapped_column(default="")
    """The topic whose board it opens, as its custom field says; empty for the whole course's."""

    context: Mapped[Context] = relationship()
