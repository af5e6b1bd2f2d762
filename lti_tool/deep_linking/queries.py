"""Reads about what may be linked. Every one starts from the visit."""

from lti_tool.course import queries as course
from lti_tool.credit import queries as credit
from lti_tool.credit.models import ColumnStatus
from lti_tool.db import db
from lti_tool.deep_linking.rules import Offer
from lti_tool.errors import NotHere
from lti_tool.launch.models import DeepLinkRequest, Visit
from lti_tool.launch.rules import Power, may
from lti_tool.lti.message import DeepLinkSettings


def request_of(visit: Visit) -> DeepLinkRequest:
    """What the platform asked for when it opened this visit; raises NotHere if it did not."""
    request = db.session.get(DeepLinkRequest, visit.id)
    if request is None:
        raise NotHere
    return request


def settings_of(request: DeepLinkRequest) -> DeepLinkSettings:
    """What the platform takes back, and where."""
    return DeepLinkSettings(**request.settings)


def offer(visit: Visit) -> Offer:
    """What may be chosen in this visit."""
    settings = settings_of(request_of(visit))
    columns = credit.columns_of(visit.member.context_id)
    return Offer(
        topics=[(topic.key, topic.name) for topic in course.topics_of(visit.member)],
        with_column=frozenset(
            column.topic_key
            for column in columns
            if column.status in (ColumnStatus.READY, ColumnStatus.WANTED)
        ),
        may_be_several=settings.accepts_several,
        may_have_columns=settings.accepts_column is not False and may(visit.role, Power.CONFIGURE),
    )
