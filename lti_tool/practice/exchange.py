"""What goes in and out of a platform service, without any web framework."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Call:
    """One request to a service. Header names are lower case."""

    method: str
    url: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def media_type(self) -> str:
        """Content-Type without parameters."""
        return self.headers.get("content-type", "").split(";", 1)[0].strip()

    @property
    def accept(self) -> str:
        """The Accept header as it came: Moodle compares the whole text."""
        return self.headers.get("accept", "")

    @property
    def bearer(self) -> str:
        """The access token, or nothing."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def form(self) -> dict[str, str]:
        """The first value of each form field."""
        fields = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[0] for name, values in fields.items()}

    def json_object(self) -> dict[str, object] | None:
        """The body, if it is a JSON object."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return None
        return parsed if isinstance(parsed, dict) else None


@dataclass(frozen=True)
class Reply:
    """One answer of a service."""

    status: int = 200
    body: bytes = b""
    media_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """A service says no; `reply` is what it answers."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.status} {reply.body.decode('utf-8', 'replace')}")
        self.reply = reply


class PlatformPage(Exception):
    """The platform shows a page of its own instead of going back to the tool."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status} {text}")
        self.status = status
        self.text = text


def json_reply(value: object, *, status: int = 200, media_type: str = "application/json") -> Reply:
    """A reply with `value` as its JSON body."""
    return Reply(status, json.dumps(value).encode(), media_type + "; charset=utf-8")
