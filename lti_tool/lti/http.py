"""The one HTTP client: for whatever is asked of a platform.

A platform's addresses come from outside, so: every address is resolved once, checked, and that
very address is connected to (no rebinding); no redirects; a bound on time that counts the whole
answer, also one that drips a byte a second; a bound on size.
"""

import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import IncompleteRead

from lti_tool import __version__, settings
from lti_tool.errors import PlatformUnreachable, Words
from lti_tool.lti import troubles

SECONDS = 10.0
MAX_BYTES = 8_000_000
AGENT = f"GoodTurn/{__version__}"
NAT64 = ipaddress.ip_network("64:ff9b::/96")
GIVEN_OUT = ipaddress.ip_network("2000::/3")
SPECIAL = [
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16", "3fff::/20")
]
"""Special by the IANA registries, whatever this Python's `is_global` knows of them."""
_local = threading.local()


class PrivateAddress(OSError):
    """A name leads to an address that the server may not call."""


class TooLarge(ValueError):
    """An answer beyond its bound."""


class CutShort(ValueError):
    """An answer shorter than it said it would be."""


@dataclass(frozen=True)
class Answer:
    """What a platform answered, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(  # noqa: PLR0913
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    data: Any = None,
    max_bytes: int = MAX_BYTES,
    seconds: float = SECONDS,
) -> Answer:
    """Ask a platform and return its whole answer, whatever its status.

    `max_bytes` bounds the body and `seconds` everything together. Raises PlatformUnreachable when
    the address may not be asked, there is no answer, or it breaks a bound.
    """
    check_address(url)
    try:
        with (
            _deadline(seconds),
            _session().request(
                method,
                url,
                headers=dict(headers or {}),
                data=data,
                timeout=seconds,
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            body = _read(response, max_bytes)
            return Answer(response.status_code, response.headers, body)
    except (requests.RequestException, OSError, ValueError) as error:
        raise PlatformUnreachable(_trouble(error)) from error


def check_address(url: str) -> None:
    """Refuse an address of a kind that a platform cannot have (https; http only if private)."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise PlatformUnreachable(troubles.ADDRESS_BAD) from None
    schemes = ("https", "http") if settings.current().ALLOW_PRIVATE_PLATFORMS else ("https",)
    if parts.scheme not in schemes or not host or "@" in parts.netloc:
        raise PlatformUnreachable(troubles.ADDRESS_BAD)


KINDS: Sequence[tuple[type[BaseException], Words]] = (
    (requests.exceptions.SSLError, troubles.CERTIFICATE_BAD),
    (ssl.SSLCertVerificationError, troubles.CERTIFICATE_BAD),
    (TooLarge, troubles.ANSWER_TOO_LARGE),
    (CutShort, troubles.ANSWER_CUT),
    (requests.exceptions.ChunkedEncodingError, troubles.ANSWER_CUT),
    (IncompleteRead, troubles.ANSWER_CUT),
    (TimeoutError, troubles.TOO_SLOW),
    (requests.exceptions.Timeout, troubles.TOO_SLOW),
    (PrivateAddress, troubles.ADDRESS_PRIVATE),
    (socket.gaierror, troubles.NAME_UNKNOWN),
)


def _trouble(error: Exception) -> Words:
    """The kind of trouble only: messages of libraries may quote addresses with secrets."""
    if _local.watch.is_over:
        return troubles.TOO_SLOW
    seen, chain = error, [error]
    while (seen := seen.__cause__ or seen.__context__) is not None:  # type: ignore[assignment]
        chain.append(seen)
    for kind, words in KINDS:
        if any(isinstance(one, kind) for one in chain):
            return words
    return troubles.NO_ANSWER


def _read(response: requests.Response, max_bytes: int) -> bytes:
    chunks, size = [], 0
    for chunk in response.iter_content(65_536):
        chunks.append(chunk)
        size += len(chunk)
        if size > max_bytes:
            raise TooLarge
    if _local.watch.is_over:
        raise TimeoutError
    expected = response.headers.get("Content-Length")
    if expected and expected.isdecimal() and int(expected) > response.raw.tell():
        raise CutShort
    return b"".join(chunks)


class _Watch:
    """Ends a request that takes longer than it may, by closing its socket.

    It holds the socket itself: a connection lets go of its own as soon as the answer's head says
    that it will not be used again, long before the body has come.
    """

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._ends_at = time.monotonic() + seconds
        self._sock: socket.socket | None = None
        self._lock = threading.Lock()

    def left(self) -> float:
        """The seconds that remain; raises TimeoutError when there are none."""
        left = self._ends_at - time.monotonic()
        if self.is_over or left <= 0:
            raise TimeoutError
        return left

    def hold(self, sock: socket.socket | None) -> None:
        """This is the socket to close when time is up; at once, if it is up already."""
        with self._lock:
            self._sock = sock or self._sock
            if self.is_over:
                self._shut()

    def end(self) -> None:
        """Time is up."""
        with self._lock:
            self.is_over = True
            self._shut()

    def _shut(self) -> None:
        if self._sock is not None:
            try:
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
            except OSError:
                return


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    watch = _local.watch = _Watch(seconds)
    timer = threading.Timer(seconds, watch.end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _session() -> requests.Session:
    """One session per thread and setting: connections are kept, cookies are not."""
    name = "private" if settings.current().ALLOW_PRIVATE_PLATFORMS else "public"
    session: requests.Session | None = getattr(_local, name, None)
    if session is None:
        session = requests.Session()
        session.trust_env = False
        session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        session.headers.update({"User-Agent": AGENT, "Accept-Encoding": "identity"})
        session.cookies.set_policy(_NoCookies())
        for scheme in ("https://", "http://"):
            session.mount(scheme, _GuardedAdapter(allow_private=name == "private"))
        setattr(_local, name, session)
    return session


def public_addresses(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The addresses of `host` that may be connected to; raises OSError when one may not.

    One forbidden address among several refuses them all: no honest platform mixes them.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not allow_private and not all(is_public(address) for address in addresses):
        raise PrivateAddress("a private address")
    return addresses


def is_public(address: str) -> bool:
    """Whether `address` is one of the public Internet, also when it hides inside an IPv6 form.

    Of IPv6 only what is given out to sites (2000::/3) counts, and of the translations only the
    one that networks without IPv4 need (NAT64, RFC 6052).
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip in NAT64:
        ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    is_given_out = ip.version == 4 or ip in GIVEN_OUT
    is_special = any(ip in network for network in SPECIAL if network.version == ip.version)
    return is_given_out and not is_special and ip.is_global and not ip.is_multicast


class _Pinned:
    """A connection to exactly the address that was checked."""

    allow_private = False

    def _new_conn(self: Any) -> socket.socket:
        addresses = public_addresses(
            self._dns_host, self.port, allow_private=type(self).allow_private
        )
        error: OSError | None = None
        for address in addresses:
            left = _local.watch.left()
            try:
                sock = socket.create_connection((address, self.port), timeout=left)
            except OSError as failure:
                error = failure
            else:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _local.watch.hold(sock)
                return sock
        raise error or OSError("no address")


class _PublicHTTP(_Pinned, HTTPConnection):
    pass


class _PublicHTTPS(_Pinned, HTTPSConnection):
    pass


class _PrivateHTTP(_Pinned, HTTPConnection):
    allow_private = True


class _PrivateHTTPS(_Pinned, HTTPSConnection):
    allow_private = True


class _WatchedHTTPPool(HTTPConnectionPool):
    """A pool that shows the watch which socket to close, also one that is used again."""

    def _make_request(self, conn: Any, *args: Any, **kwargs: Any) -> Any:
        _local.watch.hold(conn.sock)
        return super()._make_request(conn, *args, **kwargs)


class _WatchedHTTPSPool(HTTPSConnectionPool):
    """The same over TLS, whose handshake puts a socket of its own in the place of the first."""

    def _make_request(self, conn: Any, *args: Any, **kwargs: Any) -> Any:
        _local.watch.hold(conn.sock)
        return super()._make_request(conn, *args, **kwargs)

    def _validate_conn(self, conn: Any) -> None:
        super()._validate_conn(conn)
        _local.watch.hold(conn.sock)


class _PublicHTTPPool(_WatchedHTTPPool):
    ConnectionCls = _PublicHTTP


class _PublicHTTPSPool(_WatchedHTTPSPool):
    ConnectionCls = _PublicHTTPS


class _PrivateHTTPPool(_WatchedHTTPPool):
    ConnectionCls = _PrivateHTTP


class _PrivateHTTPSPool(_WatchedHTTPSPool):
    ConnectionCls = _PrivateHTTPS


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        pools = (
            {"http": _PrivateHTTPPool, "https": _PrivateHTTPSPool}
            if self._allow_private
            else {"http": _PublicHTTPPool, "https": _PublicHTTPSPool}
        )
        self.poolmanager.pool_classes_by_scheme = pools


class _NoCookies(DefaultCookiePolicy):
    def set_ok(self, *_args: Any) -> bool:
        return False
