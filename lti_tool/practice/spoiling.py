"""Answers that look right and are wrong: of another course, in circles, with other keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lti_tool.practice.exchange import Reply
from lti_tool.practice.faults import Fault
from lti_tool.practice.keys import KeyRing

OTHER_KEYS = KeyRing([])
ELSEWHERE = "another-course"


def spoiled(fault: Fault, address: str, reply: Reply) -> Reply:
    """The service's own `reply` from `address`, as the fault lets it out."""
    ways: dict[str, Callable[[], Reply]] = {
        "loop": lambda: looping(address, reply),
        "foreign": lambda: foreign(reply),
        "other_keys": lambda: other_keys(reply),
    }
    return ways[fault.kind]() if fault.kind in ways else reply


def looping(address: str, reply: Reply) -> Reply:
    """The next page is this one."""
    link = {"Link": f'<{address}>; rel="next"'}
    return Reply(reply.status, reply.body, reply.media_type, reply.headers | link)


def foreign(reply: Reply) -> Reply:
    """A roster that says it is of another course."""
    return changed(reply, lambda held: held | {"context": {"id": ELSEWHERE}})


def other_keys(reply: Reply) -> Reply:
    """The published key ids, each with a key that signed nothing."""
    wrong = OTHER_KEYS.published()["keys"][0]
    return changed(
        reply, lambda held: {"keys": [wrong | {"kid": key["kid"]} for key in held["keys"]]}
    )


def changed(reply: Reply, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Reply:
    """`reply` with another JSON body, unless it is a refusal."""
    if reply.status != 200:
        return reply
    body = json.dumps(change(json.loads(reply.body))).encode()
    return Reply(reply.status, body, reply.media_type, reply.headers)
