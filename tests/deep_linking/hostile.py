"""Names and addresses that somebody might try."""

# ruff: noqa: E501 - addresses and markup stand on one line each
from itertools import product

MARKUP = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>",
    "</textarea><script>alert(1)</script>", "</title><script>x</script>", "<!--", "-->", "<![CDATA[x]]>",
    "\"><b>", "'><b>", "\" onfocus=alert(1) autofocus x=\"", "' onmouseover='alert(1)", "` onclick=`x",
    "&lt;b&gt;", "&#60;b&#62;", "&amp;lt;", "{{ 7*7 }}", "{% raw %}", "${7*7}", "%(topic)s", "{topic}",
    "%3Cscript%3E", "\\u003cscript\\u003e", "<a href=javascript:alert(1)>x</a>", "<iframe srcdoc=x>",
    "javascript:alert(1)", "data:text/html,<b>", "<math><mi//xlink:href=x>", "<x\tonclick=y>",
    "<plaintext>", "<style>*{}</style>", "<base href=//evil.example>", "<meta http-equiv=refresh>",
]  # fmt: skip
CONTROL = [
    "\x00", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b[31m", "\x7f", "\x80", "\x85", "\x9f",
    "\u00ad", "\u200b", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202e", "\u2066",
    "\u2069", "\ufeff", "\ufffe", "\ue000",
]  # fmt: skip
PLAIN = [
    "k=v", "a=1 b=2", "good_turn_topic=x", "תרגיל 3", "تمرين ٣", "实验三", "Ünïcödé", "e\u0301tude",
    "👩‍🔬 Lab", "'; DROP TABLE topic; --", "../../etc/passwd", "a" * 100, "é" * 100, "𝒯opic",
    "“Quotes” ‘x’", "C++ & <T> generics", "x < y > z", "=1+1", "@SUM(A1)", "-2", "NULL", "None",
]  # fmt: skip


def titles():
    """More than 300 names for topics, each of which may be typed on a line of its own."""
    wrapped = [f"{before}{one}{after}" for one in MARKUP for before, after in
               (("", ""), ("Lab ", ""), ("", " lab"), ("\u202e", "\u202c"), ("ל", "ל"), ("k=v ", "\t"))]  # fmt: skip
    steered = [f"a{one}b{one}" for one in CONTROL] + [f"<{one}script>" for one in CONTROL]
    mixed = [f"{one}{other}" for one, other in product(PLAIN[:10], MARKUP[:6])]
    return list(dict.fromkeys(wrapped + steered + PLAIN + mixed))


FOREIGN_HOSTS = [
    "evil.example",
    "127.0.0.1.evil.example",
    "evil.example:80",
    "[::1]",
    "localhost.evil.example",
]
SPELLINGS = [
    "http://{evil}/x", "https://{evil}/x", "//{evil}/x", "///{evil}/x", "http:/{evil}/x", "http:{evil}/x",
    "http:///{evil}/x", "http:\\\\{evil}/x", "\\\\{evil}\\x", "/\\{evil}/x", "{own}@{evil}/x",
    "{own}:80@{evil}/x", "http://{host}@{evil}/", "http://{host}%40{evil}/", "http://{host}\\@{evil}/",
    "http://{evil}\\@{host}/", "http://{evil}#@{host}/", "http://{evil}?@{host}/", "http://{evil}/@{host}",
    "http://{evil}\t{host}/", "http://{evil}%00{host}/", "http://{evil}%09.{host}/", "http://{evil}。{host}/",
    "\thttp://{evil}/", " http://{evil}/", "http://{evil}/ ", "ht\ttp://{evil}/", "http://{evil}/\r\nX: y",
    "HTTP://{evil}/", "hTtP://{evil}/x", "{own}.{evil}/", "{own}{evil}/", "http://user:pw@{evil}/",
    "http://{evil}:{port}/", "http://{evil};{host}/", "http://{evil},{host}/", "http://{evil}&{host}/",
    "http://{evil}|{host}/", "http://{evil}`{host}/", "http://{evil}'{host}/", 'http://{evil}"{host}/',
    "http://{evil}<{host}>/", "http://{{{evil}}}/", "javascript:alert('{evil}')",
    "javascript://{host}/%0aalert('{evil}')", "data:text/html,{evil}", "blob:http://{host}/{evil}",
    "vbscript:msgbox('{evil}')", "file:///{evil}", "ftp://{evil}/x", "ws://{evil}/", "about:blank#{evil}",
    "view-source:http://{evil}/", "intent://{evil}#Intent;end", "mailto:x@{evil}", "http://xn--{evil}/",
]  # fmt: skip
NEAR = [
    "http://{name}:1/x", "http://{name}/x", "https://{host}/x", "http://{name}.:{port}/x", "http://user@{host}/x",
    "http://user:pw@{host}/x", "http://@{host}/x", "http://{host}\\x", "http://{host}\t/x", "http://0x7f.1:{port}/",
    "http://2130706433:{port}/", "http://0177.0.0.1:{port}/", "http://127.1:{port}/", "http://127。0。0。1:{port}/",
    "http://１２７.0.0.1:{port}/", "http://127.0.0.1:{port}.evil.example/", "http://[::ffff:127.0.0.1]:{port}/",
    "http://localhost:{port}/", "http://{host}\u0000/", "http://{host}/\u202e", "http://{host}/<script>",
    "http://{host}/\"onclick", "http://{host}/'x", "http://{host}/ x", "http://{host}/\nx", "http://{host}/{{x}}",
    "http://{host}/`x`", "http://{host}/é", "", "x", "/x", "?x", "#x", "http://", "http:", "://{host}/",
]  # fmt: skip


def foreign_addresses(own):
    """More than 300 addresses that are not of the platform at `own` (http://host:port)."""
    host = own.partition("://")[2]
    name, _, port = host.partition(":")
    known = {"own": own, "host": host, "name": name, "port": port}
    far = [one.format(evil=evil, **known) for one, evil in product(SPELLINGS, FOREIGN_HOSTS)]
    return list(dict.fromkeys(far + [one.format(**known) for one in NEAR]))
