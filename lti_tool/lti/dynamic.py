"""What dynamic registration asks of a platform, and its answers as they are (LTI-DR 1.0).

Nothing here decides whether an answer may be believed: lti_tool/registration does.
"""

import json
from typing import Any

from lti_tool.errors import PlatformRefused, PlatformUnreachable
from lti_tool.lti import http, troubles

SECONDS = 5.0
"""For each of the two questions."""
MAX_BYTES = 1_000_000
MOST_SAID = 300
NEVER_ASKED = (troubles.ADDRESS_BAD.code, troubles.ADDRESS_PRIVATE.code, troubles.NAME_UNKNOWN.code)
"""Troubles that say for sure that nobody was called."""


class AnswerLost(PlatformUnreachable):
    """The platform was asked to do something, and whether it did cannot be known."""


def configuration(url: str, token: str) -> Any:
    """What the platform says about itself; Canvas says it only for the token.

    None for what is no JSON. Raises PlatformUnreachable, and PlatformRefused with its words.
    """
    answer = http.ask("GET", url, headers=_headers(token), max_bytes=MAX_BYTES, seconds=SECONDS)
    if answer.status != 200:
        raise _refusal(answer)
    return _json(answer)


def register(url: str, token: str, metadata: dict[str, Any]) -> Any:
    """Ask the platform to register us, once; returns what it says.

    Raises PlatformRefused where it surely did not, PlatformUnreachable where it was not even
    asked, and AnswerLost where nobody can know.
    """
    http.check_address(url)
    headers = _headers(token) | {"Content-Type": "application/json"}
    content = json.dumps(metadata)
    try:
        answer = http.ask(
            "POST", url, headers=headers, data=content, max_bytes=MAX_BYTES, seconds=SECONDS
        )
    except PlatformUnreachable as error:
        raise error if error.reason in NEVER_ASKED else AnswerLost(error.reason) from error
    if 400 <= answer.status < 500:
        raise _refusal(answer)
    if answer.status not in (200, 201):
        raise AnswerLost(troubles.of_status(answer.status))
    return _json(answer)


def _headers(token: str) -> dict[str, str]:
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    return {"Accept": "application/json", **bearer}


def _refusal(answer: http.Answer) -> PlatformRefused:
    return PlatformRefused(answer.status, _words_of(answer.body))


def _words_of(body: bytes) -> str:
    """The platform's own words, where they are plain text or JSON: an administrator may need them.

    They are shown to whoever registers, as text, and kept nowhere.
    """
    said = " ".join(body[:4_000].decode("utf-8", "replace").split())
    is_page = said.startswith("<")
    return "" if is_page or not said.isprintable() else said[:MOST_SAID]


def _json(answer: http.Answer) -> Any:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
