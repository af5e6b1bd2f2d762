"""What goes back to the platform when somebody chose what to link (Deep Linking 2.0 §4.5).

PyLTI1p3 says what goes over the wire. What it gets wrong is mended here: it always sends `data`,
has no text for a link, and tells in its nonce which machine we are.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from pylti1p3.deep_link import DeepLink
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.lineitem import LineItem
from pylti1p3.registration import Registration as LibraryRegistration

from lti_tool.lti import claims
from lti_tool.lti.grades import RESOURCE_ID
from lti_tool.lti.keys import signing_key
from lti_tool.lti.launches import launch_url
from lti_tool.lti.message import DeepLinkSettings
from lti_tool.lti.models import Context


@dataclass(frozen=True)
class NewLink:
    """One link for the course: what people read, and what it opens."""

    title: str
    text: str
    topic_key: str = ""
    maximum: int | None = None
    """Of the grade column that comes with it; none without a column."""


def response(
    context: Context,
    deployment_id: str,
    settings: DeepLinkSettings,
    links: Sequence[NewLink],
    message: str = "",
) -> str:
    """The signed answer to a request; without links it says that nothing was chosen."""
    library = LibraryRegistration()
    library.set_issuer(context.registration.issuer)
    library.set_client_id(context.registration.client_id)
    writer = DeepLink(library, deployment_id, {"data": settings.echo or ""})
    resources = [_resource(context, link) for link in links]
    said: dict[str, Any] = writer.get_message_jwt(resources)
    said["nonce"] = said["jti"] = secrets.token_urlsafe(24)
    for written, link in zip(said[claims.DEEP_LINKING_CONTENT], links, strict=True):
        written["text"] = link.text
    if settings.echo is None:
        del said[claims.DEEP_LINKING_ECHO]
    if message:
        said[claims.DEEP_LINKING_MESSAGE] = message
    key = signing_key()
    return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": key.kid}, said, key)


def _resource(context: Context, link: NewLink) -> DeepLinkResource:
    custom = {claims.COURSE_FIELD: context.public_id}
    custom |= {claims.TOPIC_FIELD: link.topic_key} if link.topic_key else {}
    resource = DeepLinkResource().set_title(link.title).set_custom_params(custom)
    resource.set_url(launch_url(context.registration))
    if link.maximum is not None:
        column = LineItem().set_label(link.title).set_score_maximum(link.maximum)
        column.set_resource_id(RESOURCE_ID)
        resource.set_lineitem(column.set_tag(link.topic_key) if link.topic_key else column)
    return resource
