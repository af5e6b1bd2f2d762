"""A real web server in a thread, for tests that need one and for the demo."""

from __future__ import annotations

import socket
import ssl
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NO_BODY = (204, 304)


class Sending:
    """One answer on its way: WSGI over a connection that stays open for the next call.

    werkzeug's own way always closes, and waits 10 ms after each answer for stray bytes. Here
    the app (see ServiceGate) has always read the whole body, so neither is needed.
    """

    def __init__(self, handler: WSGIRequestHandler) -> None:
        self.handler = handler
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.is_begun = False

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> Callable[[bytes], object]:
        """WSGI's start_response."""
        self.status, self.headers = status, headers
        return self.write

    def write(self, part: bytes) -> None:
        """Send a part of the body, after the head."""
        if not self.is_begun:
            self._begin()
        if part:
            self.handler.wfile.write(part)
            self.handler.wfile.flush()

    def _begin(self) -> None:
        """The head. An answer of unknown length ends with the connection."""
        self.is_begun = True
        code, _, phrase = self.status.partition(" ")
        names = {name.lower() for name, _ in self.headers}
        if "date" in names:  # a site has a clock of its own
            self.handler.send_response_only(int(code), phrase)
        else:
            self.handler.send_response_only(int(code), phrase)
        if "date" not in names:
            self.handler.send_header("Date", self.handler.date_time_string())
        for name, value in self.headers:
            if int(code) not in NO_BODY or name.lower() != "content-length":
                self.handler.send_header(name, value)
        if "content-length" not in names and int(code) not in NO_BODY:
            self.handler.send_header("Connection", "close")
        self.handler.end_headers()

    def run(self, app: WSGIApplication, environ: WSGIEnvironment) -> None:
        """Call the app and send what it says."""
        parts = app(environ, self.start_response)
        try:
            for part in parts:
                self.write(part)
            self.write(b"")
        finally:
            if hasattr(parts, "close"):
                parts.close()


class QuietHandler(WSGIRequestHandler):
    """HTTP/1.1 with connections kept open, no line per request, no delay for small answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def run_wsgi(self) -> None:
        """Answer one request; after a failure the connection is of no use any more."""
        self.environ = environ = self.make_environ()
        sending = Sending(self)
        try:
            sending.run(self.server.app, environ)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception:
            traceback.print_exc()
            self.close_connection = True
            if not sending.is_begun:
                self.send_error(500)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing: the practice LMS keeps its own record in `Site.requests`."""


class OpenDoors(ThreadedWSGIServer):
    """Knows its open connections, so that stopping really ends them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__(*args, **kwargs)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection before its thread begins."""
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget it when it ends."""
        self.connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End every open connection."""
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                self.connections.discard(connection)


class LiveServer:
    """Serves what `app_factory(url)` makes; the port is bound first, so the app knows its url."""

    def __init__(
        self,
        app_factory: Callable[[str], WSGIApplication],
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._factory, self._host, self._port, self._ssl = app_factory, host, port, ssl_context
        self._server: OpenDoors | None = None
        self._thread: threading.Thread | None = None
        self.app: WSGIApplication | None = None
        self.url = ""

    def start(self) -> LiveServer:
        """Bind, make the app, serve. A second start after a stop takes the same port."""
        self._server = OpenDoors(
            self._host, self._port, self._not_yet, QuietHandler, ssl_context=self._ssl
        )
        self._port = self._server.server_port
        scheme = "https" if self._ssl else "http"
        self.url = f"{scheme}://{self._host}:{self._port}"
        self.app = self.app or self._factory(self.url)
        self._server.app = self.app
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection."""
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join(timeout=5)
            self._server.hang_up()
            self._server.server_close()
        self._server = self._thread = None

    def __enter__(self) -> LiveServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @staticmethod
    def _not_yet(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("503 Service Unavailable", [("Content-Length", "0")])
        return []
