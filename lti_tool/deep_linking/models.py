"""A platform's request to choose something to link."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base
from lti_tool.launch.models import Visit


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
