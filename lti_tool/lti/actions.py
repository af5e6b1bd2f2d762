"""Writes about platforms: registering one, and what a launch says about course and link."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from lti_tool.clock import now
from lti_tool.db import change, db, new_public_id
from lti_tool.lti import queries
from lti_tool.lti.custom import Custom
from lti_tool.lti.message import Course, Launch, Link, Services
from lti_tool.lti.models import Context, Deployment, PlatformKind, Registration, ResourceLink


def register(  # noqa: PLR0913
    *,
    name: str,
    kind: PlatformKind,
    issuer: str,
    client_id: str,
    auth_url: str,
    token_url: str,
    jwks_url: str,
    deployment_ids: Sequence[str] = (),
    frame_origins: Sequence[str] = (),
    is_practice: bool = False,
    public_id: str | None = None,
) -> Registration:
    """Let an LMS launch the tool. Names need not be unique; each gets addresses of its own.

    `public_id` is what an invitation reserved; without, a fresh one is made.
    """
    registration = Registration(
        public_id=public_id or new_public_id(),
        name=name,
        kind=kind,
        issuer=issuer,
        client_id=client_id,
        auth_url=auth_url,
        token_url=token_url,
        jwks_url=jwks_url,
        extra_frame_origins=list(frame_origins),
        is_practice=is_practice,
        created_at=now(),
    )
    registration.deployments = [
        Deployment(deployment_id=one, created_at=now()) for one in deployment_ids
    ]
    db.session.add(registration)
    db.session.flush()
    return registration


def record(
    registration: Registration, launch: Launch, course: Course, moment: datetime
) -> tuple[Context, ResourceLink | None]:
    """Remember what this launch said about the course and the link; writes only what changed."""
    context = _context(registration, course, moment)
    _update_context(context, course, launch)
    _recognise(context, launch.custom)
    return context, _link(context, launch.link, launch.services) if launch.link else None


def _context(registration: Registration, course: Course, moment: datetime) -> Context:
    context = db.session.scalar(
        select(Context).where(
            Context.registration_id == registration.id, Context.context_id == course.context_id
        )
    )
    if context is None:
        context = Context(
            registration_id=registration.id,
            context_id=course.context_id,
            title=course.title,
            label=course.label,
            created_at=moment,
        )
        db.session.add(context)
        db.session.flush()
    return context


def _update_context(context: Context, course: Course, launch: Launch) -> None:
    services = launch.services
    wanted = {
        "title": course.title or context.title,
        "label": course.label or context.label,
        "memberships_url": services.memberships_url or context.memberships_url,
        "lineitems_url": services.lineitems_url or context.lineitems_url,
        "scopes": " ".join(services.scopes) or context.scopes,
    }
    change(context, wanted | _in_time(context, launch.custom))


def _in_time(context: Context, custom: Custom) -> dict[str, object]:
    """What the launch says about the course's past and end; what it does not tell stays."""
    is_concluded = custom.is_concluded
    return {
        "history": list(custom.history) or context.history or [],
        "is_concluded": context.is_concluded if is_concluded is None else is_concluded,
        "ends_at": context.ends_at if custom.ends_at is None else custom.end,
    }


def _recognise(context: Context, custom: Custom) -> None:
    """Note which course of this platform it is a copy of; that gives nobody anything there."""
    is_told = custom.history or custom.key not in ("", context.public_id)
    if context.copied_from_id is None and context.copy_settled_at is None and is_told:
        context.copied_from_id = queries.original_of(context, custom.key)


def _link(context: Context, link: Link, services: Services) -> ResourceLink:
    row = db.session.scalar(
        select(ResourceLink).where(
            ResourceLink.context_id == context.id,
            ResourceLink.resource_link_id == link.resource_link_id,
        )
    )
    if row is None:
        row = ResourceLink(
            context_id=context.id, resource_link_id=link.resource_link_id, title=link.title
        )
        db.session.add(row)
    wanted = {"title": link.title or row.title, "lineitem_url": services.lineitem_url}
    change(row, wanted | {"topic_key": link.topic_key})
    return row
