"""A real web server in a thread, for tests that need one and for the demo."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class QuietHandler(WSGIRequestHandler):
    """HTTP/1.1 with connections kept open, no line per request, no delay for small answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def send_header(self, keyword: str, value: str) -> None:
        """Leave out werkzeug's own `Connection: close`: the gate has always read the body."""
        if (keyword.lower(), value.lower()) != ("connection", "close"):
            super().send_header(keyword, value)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing: the practice LMS keeps its own record in `Site.requests`."""


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
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self.app: WSGIApplication | None = None
        self.url = ""

    def start(self) -> LiveServer:
        """Bind, make the app, serve."""
        self._server = make_server(
            self._host,
            self._port,
            self._not_yet,
            threaded=True,
            request_handler=QuietHandler,
            ssl_context=self._ssl,
        )
        scheme = "https" if self._ssl else "http"
        self.url = f"{scheme}://{self._host}:{self._server.server_port}"
        self.app = self._server.app = self._factory(self.url)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and wait for the loop to end."""
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join(timeout=5)
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
