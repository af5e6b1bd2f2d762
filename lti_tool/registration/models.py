"""An invitation to register one learning platform."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.db import Base, new_public_id

NOTHING: frozenset[str] = frozenset()


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
