"""The one HTTP client: whom it calls, and that every call ends, in time and in size."""

import gzip
import io
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lti_tool import create_app
from lti_tool.errors import PlatformUnreachable
from lti_tool.lti import http
from tests.conftest import settings_for

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("http")


@pytest.fixture
def careful(folder):
    """A tool as in production: private addresses and plain http are refused."""
    app = create_app(settings_for(folder, f"sqlite:///{folder}/x.db", ALLOW_PRIVATE_PLATFORMS="0"))
    with app.app_context():
        yield


@pytest.fixture
def trusting(folder):
    """A tool whose platforms may be on this machine."""
    app = create_app(settings_for(folder, f"sqlite:///{folder}/x.db"))
    with app.app_context():
        yield


class Listener:
    """A server that says to each caller what `say(connection, request)` says, byte by byte."""

    def __init__(self, say):
        self.say, self.calls, self.heard, self.reads_first = say, 0, [], True
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.calls += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        with connection:
            try:
                if self.reads_first:
                    self.heard.append(connection.recv(65_536))
                self.say(connection)
            except OSError:
                return


@pytest.fixture
def listen():
    """Make listeners: listen(bytes to say) or listen(what to do with the connection)."""
    made = []

    def make(say=OK):
        listener = Listener(say if callable(say) else lambda connection: connection.sendall(say))
        made.append(listener)
        return listener

    yield make
    for listener in made:
        listener.socket.close()


def dripping(head, pause=0.05):
    def say(connection):
        connection.sendall(head)
        while True:
            time.sleep(pause)
            connection.sendall(b"x")

    return say


PUBLIC = ["8.8.8.8", "1.1.1.1", "193.0.6.139", "2001:4860:4860::8888", "2a00:1450:4001::1"]
PUBLIC += ["64:ff9b::808:808", "2606:4700::1111"]
FORBIDDEN = {
    "this network": "0.0.0.0",
    "loopback": "127.0.0.1",
    "loopback, far end": "127.255.255.254",
    "private ten": "10.0.0.1",
    "private 172": "172.16.0.1",
    "private 172, last": "172.31.255.255",
    "private 192": "192.168.1.1",
    "carrier": "100.64.0.1",
    "link-local": "169.254.0.1",
    "metadata": "169.254.169.254",
    "metadata of another cloud": "100.100.100.200",
    "protocol assignments": "192.0.0.8",
    "documentation": "203.0.113.7",
    "benchmarks": "198.18.0.1",
    "6to4 relays": "192.88.99.1",
    "multicast": "224.0.0.1",
    "multicast, global": "233.252.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "six: loopback": "::1",
    "six: nowhere": "::",
    "six: link-local": "fe80::1",
    "six: link-local with a zone": "fe80::1%eth0",
    "six: site-local": "fec0::1",
    "six: unique local": "fd00::1",
    "six: metadata": "fd00:ec2::254",
    "six: multicast": "ff02::1",
    "six: multicast, global": "ff0e::1",
    "six: documentation": "2001:db8::1",
    "six: documentation, new": "3fff::1",
    "six: discard": "100::1",
    "six: benchmarks": "2001:2::1",
    "six: segment routing": "5f00::1",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped private": "::ffff:10.0.0.1",
    "mapped metadata": "::ffff:169.254.169.254",
    "compatible loopback": "::7f00:1",
    "translated": "::ffff:0:7f00:1",
    "nat64 loopback": "64:ff9b::7f00:1",
    "nat64 metadata": "64:ff9b::a9fe:a9fe",
    "nat64, local": "64:ff9b:1::808:808",
    "6to4 loopback": "2002:7f00:1::",
    "6to4 metadata": "2002:a9fe:a9fe::1",
    "teredo to loopback": "2001:0:808:808::80ff:fffe",
    "teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address):
    assert http.is_public(address)


@pytest.mark.parametrize("address", [pytest.param(a, id=what) for what, a in FORBIDDEN.items()])
def test_an_address_inside_may_not_be_called(address):
    assert not http.is_public(address)


SPELLINGS = ["127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1"]
SPELLINGS += ["017700000001", "0", "0.0.0.0", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::]"]
SPELLINGS += ["[::ffff:7f00:1]", "169.254.169.254", "0xa9fea9fe", "2852039166", "[fe80::1]"]
SPELLINGS += ["127。0。0。1", "①②⑦.⓪.⓪.①", "LOCALHOST", "127.0.0.1.", "[64:ff9b::7f00:1]"]


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_this_machine_is_called(careful, listen, host):
    listener = listen()

    with pytest.raises(PlatformUnreachable):
        http.ask("GET", f"https://{host}:{listener.port}/", seconds=2)

    assert listener.calls == 0


ODD = ["http://8.8.8.8/", "ftp://8.8.8.8/", "file:///etc/passwd", "gopher://8.8.8.8/", "//8.8.8.8/"]
ODD += ["https://user@8.8.8.8/", "https://user:word@8.8.8.8/", "https:///", "https://", "", "x"]
ODD += ["https://8.8.8.8:99999/", "https://8.8.8.8:x/", "https://[::1", "javascript:alert(1)"]
ODD += ["https://@8.8.8.8/", "https://:@8.8.8.8/", "HTTP://8.8.8.8/", "unix:///run/x.sock"]


@pytest.mark.parametrize("url", ODD)
def test_an_odd_address_is_refused_before_anything_is_looked_up(careful, monkeypatch, url):
    looked_up = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: looked_up.append(a) or [])

    with pytest.raises(PlatformUnreachable):
        http.ask("GET", url, seconds=2)

    assert looked_up == []


REAL = socket.getaddrinfo


def resolver(*turns):
    """A name server that answers another address each time; numbers stay what they are."""
    asked = []

    def look_up(host, port, *args, **kwargs):
        if str(host)[0].isdigit() or ":" in str(host):
            return REAL(host, port, *args, **kwargs)
        asked.append(host)
        found = turns[min(len(asked), len(turns)) - 1]
        return [entry for address in found for entry in REAL(address, port, *args, **kwargs)]

    return look_up, asked


def test_one_private_address_among_public_ones_refuses_them_all(careful, monkeypatch):
    look_up, _ = resolver(["8.8.8.8", "127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    with pytest.raises(OSError, match="private"):
        http.public_addresses("lms.example", 443, allow_private=False)


def test_the_address_that_was_checked_is_the_one_that_is_called(careful, monkeypatch):
    called = []
    look_up, asked = resolver(["8.8.8.8"], ["127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(
        http.socket, "create_connection", lambda to, **_: called.append(to) or 1 / 0
    )

    with pytest.raises(ZeroDivisionError):
        http.ask("GET", "https://rebinding.example/", seconds=2)

    assert asked == ["rebinding.example"]
    assert called == [("8.8.8.8", 443)]


def test_a_name_that_turns_to_this_machine_later_is_not_called(careful, listen, monkeypatch):
    listener = listen()
    look_up, _ = resolver(["127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    with pytest.raises(PlatformUnreachable):
        http.ask("GET", f"https://lms.example:{listener.port}/", seconds=2)

    assert listener.calls == 0


def test_an_honest_answer_is_given_whole(trusting, listen):
    listener = listen(b"HTTP/1.1 418 Teapot\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello")

    answer = http.ask("GET", listener.url, seconds=2)

    assert (answer.status, answer.body, answer.headers["X-A"]) == (418, b"hello", "b")
    assert f"User-Agent: {http.AGENT}".encode() in listener.heard[0]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(trusting, listen, status):
    canary = listen()
    head = f"HTTP/1.1 {status} Go\r\nLocation: {canary.url}\r\nContent-Length: 0\r\n\r\n"

    answer = http.ask("GET", listen(head.encode()).url, seconds=2)

    assert (answer.status, canary.calls) == (status, 0)


def test_cookies_of_a_platform_are_not_kept(trusting, listen):
    head = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    listener = listen(head)

    for _ in range(2):
        http.ask("GET", listener.url, seconds=2)

    assert b"Cookie" not in listener.heard[1]


def bomb():
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        file.write(b"\0" * 20_000_000)
    return packed.getvalue()


LARGE = {
    "said so": b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000,
    "not said": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 2000,
    "in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"100\r\n"
    + b"x" * 256
    + b"\r\n"
    + b"700\r\n"
    + b"x" * 1792
    + b"\r\n0\r\n\r\n",
    "one header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
}


@pytest.mark.parametrize("answer", [pytest.param(said, id=what) for what, said in LARGE.items()])
def test_an_answer_that_is_too_large_is_no_answer(trusting, listen, answer):
    with pytest.raises(PlatformUnreachable):
        http.ask("GET", listen(answer).url, max_bytes=1000, seconds=2)


def test_an_answer_that_swells_when_unpacked_is_too_large(trusting, listen):
    packed = bomb()
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"

    with pytest.raises(PlatformUnreachable):
        http.ask("GET", listen(head.encode() + packed).url, max_bytes=1_000_000, seconds=5)


CUT = {
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf",
    "half a status line": b"HTTP/1.1 2",
    "nothing": b"",
    "no HTTP": b"220 mail.example ESMTP\r\n",
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + b"x" * 2000,
}


@pytest.mark.parametrize("answer", [pytest.param(said, id=what) for what, said in CUT.items()])
def test_a_cut_answer_is_no_answer(trusting, listen, answer):
    with pytest.raises(PlatformUnreachable):
        http.ask("GET", listen(answer).url, max_bytes=1000, seconds=2)


DRIPS = {
    "a body of unknown length": b"HTTP/1.1 200 OK\r\n\r\n",
    "a body of known length": b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n",
    "a header": b"HTTP/1.1 200 OK\r\nX: ",
    "a status line": b"HTTP/1.1 ",
}


@pytest.mark.parametrize("head", [pytest.param(head, id=what) for what, head in DRIPS.items()])
def test_an_answer_in_drops_ends_in_time(trusting, listen, head):
    began = time.monotonic()

    with pytest.raises(PlatformUnreachable):
        http.ask("GET", listen(dripping(head)).url, seconds=0.5)

    assert time.monotonic() - began < 1.5


def forever_continue(connection):
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.02)


@pytest.mark.parametrize(
    "say",
    [
        pytest.param(lambda _c: time.sleep(5), id="silence"),
        pytest.param(forever_continue, id="continue, continue"),
    ],
)
def test_a_platform_that_keeps_us_waiting_is_left_in_time(trusting, listen, say):
    began = time.monotonic()

    with pytest.raises(PlatformUnreachable):
        http.ask("GET", listen(say).url, seconds=0.5)

    assert time.monotonic() - began < 1.5


def test_a_handshake_in_drops_ends_in_time(trusting, listen):
    listener = listen(dripping(b"\x16\x03\x03\x40\x00", pause=0.05))
    began = time.monotonic()

    with pytest.raises(PlatformUnreachable):
        http.ask("GET", listener.url.replace("http", "https"), seconds=0.5)

    assert listener.calls == 1
    assert time.monotonic() - began < 1.5


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """A certificate for 127.0.0.1 that the tool trusts for as long as the test runs."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, today, today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, *plain))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    monkeypatch.setattr(http, "_local", threading.local())
    return file


def over_tls(certificate, say):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def answer(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65_536)
            say(secure)

    return answer


def silent(listener):
    """TLS speaks at once: the listener may not read what the handshake needs."""
    listener.reads_first = False
    return listener.url.replace("http", "https")


def test_an_honest_answer_over_tls_is_given_whole(trusting, listen, certificate):
    listener = listen(over_tls(certificate, lambda secure: secure.sendall(OK)))

    assert http.ask("GET", silent(listener), seconds=2).body == b"{}"


@pytest.mark.parametrize("head", [pytest.param(head, id=what) for what, head in DRIPS.items()])
def test_an_answer_in_drops_over_tls_ends_in_time(trusting, listen, certificate, head):
    listener = listen(over_tls(certificate, dripping(head)))
    began = time.monotonic()

    with pytest.raises(PlatformUnreachable):
        http.ask("GET", silent(listener), seconds=0.5)

    assert time.monotonic() - began < 1.5


def test_time_counts_from_before_the_name_is_looked_up(trusting, listen, monkeypatch):
    def slowly(*args, **kwargs):
        time.sleep(0.6)
        return REAL(*args, **kwargs)

    listener = listen(dripping(b"HTTP/1.1 200 OK\r\n\r\n"))
    monkeypatch.setattr(http.socket, "getaddrinfo", slowly)
    began = time.monotonic()

    with pytest.raises(PlatformUnreachable):
        http.ask("GET", listener.url, seconds=0.5)

    assert time.monotonic() - began < 2


def test_many_dead_addresses_take_no_longer_than_one(trusting, monkeypatch):
    def late(*_args, timeout, **_kwargs):
        time.sleep(min(timeout, 0.4))
        raise TimeoutError

    look_up, _ = resolver([f"10.9.8.{last}" for last in range(20)])
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(http.socket, "create_connection", late)
    began = time.monotonic()

    with pytest.raises(PlatformUnreachable):
        http.ask("GET", "http://lms.example/", seconds=0.5)

    assert time.monotonic() - began < 2


def test_a_certificate_of_nobody_is_refused(trusting, listen, certificate, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    listener = listen(over_tls(certificate, lambda secure: secure.sendall(OK)))

    with pytest.raises(PlatformUnreachable, match="unreachable") as caught:
        http.ask("GET", silent(listener), seconds=1)

    assert caught.value.reason == "certificate-bad"


def test_a_refusal_names_the_kind_of_trouble_and_no_address(trusting, listen):
    with pytest.raises(PlatformUnreachable) as caught:
        http.ask("GET", listen(b"").url + "?token=secret", seconds=1)

    assert "secret" not in str(caught.value) + caught.value.reason
