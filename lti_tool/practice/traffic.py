"""The gate in front of a site's services: answers calls, writes them down, lets faults strike."""

from __future__ import annotations

import io
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from lti_tool.practice.exchange import Call, Refusal, Reply, json_reply
from lti_tool.practice.faults import Fault
from lti_tool.practice.spoiling import spoiled

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from lti_tool.practice.dialect import Route
    from lti_tool.practice.site import Site

MOST_KEPT = 200_000
BODY_KEPT = 4_000
HUGE = 9_000_000
FOREIGN_TOKEN = {
    "access_token": "of-another-service",
    "token_type": "bearer",
    "expires_in": 3600,
    "scope": "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly.other",
}


@dataclass
class ServiceRequest:
    """One call to a service, for a test to count and compare. `status` is what was decided;
    with a fault that breaks the connection the caller never saw it."""

    service: str
    method: str
    path: str
    status: int
    at: datetime
    body: bytes
    headers: dict[str, str]
    fault: str | None = None


@dataclass
class ScorePost:
    """One score as it came, and what became of it."""

    at: datetime
    line_item: str
    user_id: str
    body: dict[str, object]
    status: int

    @property
    def is_applied(self) -> bool:
        """Whether the gradebook took it."""
        return self.status == 200


class Traffic:
    """How many calls are being answered, and how many were at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.in_flight = 0
        self.most_in_flight = 0

    def __enter__(self) -> None:
        with self._lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.in_flight -= 1


class ServiceGate:
    """WSGI middleware: platform services are answered here, everything else is for people."""

    def __init__(self, pages: WSGIApplication, sites: list[Site]) -> None:
        self._pages = pages
        self._sites = sites

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, its body read whole, so that the connection can be kept open."""
        body = read_body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        for site in self._sites:
            found = matching(site, environ["PATH_INFO"])
            if found:
                return Exchange(site, found, environ, body).answer(start_response)
        return self._pages(environ, start_response)


def matching(site: Site, path: str) -> tuple[Route, dict[str, str]] | None:
    """The service route of `path` at this site."""
    if not path.startswith(site.path + "/"):
        return None
    below = path[len(site.path) :]
    for candidate in site.dialect.routes:
        match: re.Match[str] | None = candidate.pattern.match(below)
        if match:
            return candidate, match.groupdict()
    return None


class Exchange:
    """One call to one service and its answer, with whatever goes wrong in between."""

    def __init__(
        self,
        site: Site,
        found: tuple[Route, dict[str, str]],
        environ: WSGIEnvironment,
        body: bytes,
    ) -> None:
        self.site, self.environ = site, environ
        self.route, self.names = found
        self.call = read_call(environ, body)
        self.fault = site.faults.strike(self.route.service)

    def answer(self, start_response: StartResponse) -> Iterable[bytes]:
        """Do what is asked, or what the fault makes of it."""
        with self.site.traffic:
            if self.fault and self.fault.kind == "latency":
                time.sleep(self.fault.seconds)
            invented = troubled(self.site, self.fault) if self.fault else None
            reply = invented or self._decided()
            self._write_down(reply)
        if self.fault and self.fault.kind in ("reset", "applied_lost"):
            return self._broken(start_response)
        return self._sent(reply, start_response)

    def _decided(self) -> Reply:
        if self.fault and self.fault.kind == "reset":
            return Reply(0)
        reply = served(self.site, self.route, self.call, self.names)
        return spoiled(self.fault, self._address(), reply) if self.fault else reply

    def _address(self) -> str:
        """Where this call went, as the caller knows it."""
        below: str = self.environ["PATH_INFO"].removeprefix(self.site.path)
        query: str = self.environ.get("QUERY_STRING", "")
        return self.site.base_url + below + (f"?{query}" if query else "")

    def _write_down(self, reply: Reply) -> None:
        record = ServiceRequest(
            service=self.route.service,
            method=self.call.method,
            path=self.environ["PATH_INFO"],
            status=reply.status,
            at=self.site.now(),
            body=self.call.body[:BODY_KEPT],
            headers=dict(self.call.headers),
            fault=self.fault.kind if self.fault else None,
        )
        with self.site.lock:
            self.site.requests.append(record)
            if len(self.site.requests) > MOST_KEPT:
                del self.site.requests[: MOST_KEPT // 2]

    def _sent(self, reply: Reply, start_response: StartResponse) -> Iterable[bytes]:
        said_at = format_datetime(self.site.now().astimezone(UTC), usegmt=True)
        headers = [("Content-Length", str(len(reply.body))), ("Date", said_at)]
        headers += reply.headers.items()
        if reply.media_type:
            headers.append(("Content-Type", reply.media_type))
        start_response(f"{reply.status} {phrase(reply.status)}", headers)
        if self.fault and self.fault.kind == "cut":
            return self._half(reply.body)
        if self.fault and self.fault.kind == "drip":
            return dripping(reply.body, self.fault.seconds)
        return [reply.body]

    def _half(self, body: bytes) -> Iterator[bytes]:
        yield body[: len(body) // 2]
        self._hang_up()

    def _broken(self, start_response: StartResponse) -> Iterable[bytes]:
        self._hang_up()
        return []

    def _hang_up(self) -> None:
        """Close the connection without another byte; without a real one, say so by raising."""
        connection: socket.socket | None = self.environ.get("werkzeug.socket")
        if connection is not None:
            reset = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionResetError("the practice LMS broke the connection on purpose")


def served(site: Site, route: Route, call: Call, names: dict[str, str]) -> Reply:
    """What the service answers; a refusal is an answer too."""
    if call.method not in route.methods:
        return Reply(405, b"", None, {"Allow": ", ".join(route.methods)})
    try:
        return route.answer(site, call, names)
    except Refusal as refusal:
        return refusal.reply


def troubled(site: Site, fault: Fault) -> Reply | None:
    """The answer that a fault puts in place of the service's own."""
    made: dict[str, Callable[[], Reply]] = {
        "status": lambda: unavailable(fault),
        "throttle": lambda: site.dialect.throttled(fault.status),
        "garbage": lambda: Reply(
            200, b"<html><p>Please sign in to the campus network", "text/html"
        ),
        "value": lambda: json_reply(fault.value),
        "redirect": lambda: Reply(302, b"", "text/html", {"Location": fault.location}),
        "empty": lambda: Reply(200),
        "wrong": lambda: json_reply({"status": "ok"}),
        "huge": lambda: Reply(200, b" " * HUGE + b"{}", "application/json"),
        "foreign_scopes": lambda: json_reply(FOREIGN_TOKEN),
    }
    if fault.kind not in made:
        return None
    reply = made[fault.kind]()
    if fault.retry_after is not None:
        reply.headers["Retry-After"] = str(fault.retry_after)
    return reply


def unavailable(fault: Fault) -> Reply:
    """A plain error page, as a proxy in front of an LMS shows it."""
    status = fault.status or 503
    return Reply(status, f"<html><h1>{status} {phrase(status)}</h1></html>".encode(), "text/html")


def dripping(body: bytes, seconds: float) -> Iterator[bytes]:
    """The body, one byte at a time."""
    for n in range(len(body)):
        time.sleep(seconds)
        yield body[n : n + 1]


def phrase(status: int) -> str:
    """The status in words."""
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"


def read_call(environ: WSGIEnvironment, body: bytes) -> Call:
    """The request as a service wants it."""
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    return Call(
        method=environ["REQUEST_METHOD"],
        url=environ["PATH_INFO"],
        query=dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
        headers=headers,
        body=body,
    )


def read_body(environ: WSGIEnvironment) -> bytes:
    """The whole body, by its announced length."""
    stream: Any = environ["wsgi.input"]
    return bytes(stream.read(int(environ.get("CONTENT_LENGTH") or 0)))
