"""Writes about links: let a frame choose, and answer the platform once."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import update

from lti_tool.clock import now
from lti_tool.course import actions as course
from lti_tool.course import queries as topics
from lti_tool.credit import actions as credit
from lti_tool.db import db
from lti_tool.deep_linking import queries, rules
from lti_tool.deep_linking.rules import Choice, Offer, Texts
from lti_tool.errors import N_, Invalid, Words
from lti_tool.launch import actions as launch
from lti_tool.launch.models import DeepLinkRequest, Visit
from lti_tool.lti.deep_links import NewLink, response
from lti_tool.lti.models import Context, Registration
from lti_tool.lti.rules import origin_of

ANSWERED = Words(
    "link-answered",
    N_("This choice has been sent to your course already."),
    N_("Look into your course; to add more, begin there again."),
)


@dataclass(frozen=True)
class Answer:
    """What goes back to the platform, and where."""

    return_url: str
    origin: str
    token: str


def begin_in_frame(registration: Registration, secret: str) -> Visit | None:
    """Let in a frame that keeps no cookie; none where its person may not choose.

    Raises LaunchRejected when its secret is used up.
    """
    return launch.choose_without_cookie(registration, secret).visit


def preview(choice: Choice, offer: Offer, texts: Texts) -> list[NewLink]:
    """What would appear in the course; nothing is written."""
    names = dict(offer.topics)
    return [
        *_whole(choice, offer, texts),
        *(_about(choice, offer, texts, key, names[key]) for key in choice.topic_keys),
        *(_about(choice, offer, texts, None, name) for name in choice.names),
    ]


def choose(visit: Visit, choice: Choice, offer: Offer, texts: Texts) -> list[NewLink]:
    """Answer the request, once: the topics and columns that are new are made."""
    _answer_once(visit)
    member = visit.member
    chosen = [topics.topic_for(member, key) for key in choice.topic_keys]
    chosen += [course.topic_named(member, name) for name in choice.names]
    links = _whole(choice, offer, texts)
    links += [_about(choice, offer, texts, topic.key, topic.name) for topic in chosen]
    for link in links:
        if link.maximum is not None:
            credit.want_column_with_link(member, link.topic_key, link.title, link.maximum)
    return links


def cancel(visit: Visit) -> None:
    """Answer the request with nothing."""
    _answer_once(visit)


def signed(
    context: Context, request: DeepLinkRequest, links: Sequence[NewLink], texts: Texts
) -> Answer:
    """The answer for the platform, once what was chosen is kept."""
    settings = queries.settings_of(request)
    message = "" if links else texts.cancelled
    return Answer(
        return_url=settings.return_url,
        origin=origin_of(settings.return_url),
        token=response(context, request.deployment_id, settings, links, message),
    )


def _answer_once(visit: Visit) -> None:
    answered = db.session.execute(
        update(DeepLinkRequest)
        .where(DeepLinkRequest.visit_id == visit.id, DeepLinkRequest.answered_at.is_(None))
        .values(answered_at=now())
    )
    if answered.rowcount != 1:  # type: ignore[attr-defined]
        raise Invalid(ANSWERED)


def _whole(choice: Choice, offer: Offer, texts: Texts) -> list[NewLink]:
    if not choice.is_whole:
        return []
    maximum = rules.column_maximum(choice, "", offer)
    return [NewLink(title=texts.title, text=texts.text, maximum=maximum)]


def _about(choice: Choice, offer: Offer, texts: Texts, topic_key: str | None, name: str) -> NewLink:
    return NewLink(
        title=rules.without_markup(texts.topic_title.replace(rules.TOPIC, name)),
        text=rules.without_markup(texts.topic_text.replace(rules.TOPIC, name)),
        topic_key=topic_key or "",
        maximum=rules.column_maximum(choice, topic_key, offer),
    )
