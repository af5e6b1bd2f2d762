"""The platform side of Open edX at HTTP. Runs in var/independent/venv; the stores are ours."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="for tests",
    PLATFORM_NAME="Independent",
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "lti_consumer"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()

from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from lti_consumer.data import Lti1p3LaunchData  # noqa: E402
from lti_consumer.lti_1p3.consumer import LtiAdvantageConsumer  # noqa: E402
from lti_consumer.lti_1p3.extensions.rest_framework import serializers  # noqa: E402

COURSE, SIZE, PEOPLE = "course-v1:Peer+CS101+now", 50, 300
MEMBERS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)


class Peer(BaseHTTPRequestHandler):
    """Each path is one call of its code."""

    protocol_version = "HTTP/1.1"
    tool = None
    granted = []

    def do_GET(self):
        self.answer({})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        is_json = self.headers.get("Content-Type") == "application/json"
        self.answer(json.loads(body) if is_json else dict(parse_qsl(body)))

    def answer(self, form):
        parts = urlsplit(self.path)
        try:
            said = getattr(self, parts.path.strip("/"))(form, dict(parse_qsl(parts.query)))
            status, headers, body = 200, *(said if isinstance(said, tuple) else ({}, said))
        except Exception as error:  # whatever its code raises is its refusal
            status, headers, body = 400, {}, {"error": type(error).__name__}
        content = json.dumps(body, default=list).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def setup_tool(self, form, _query):
        Peer.tool = LtiAdvantageConsumer(
            iss=self.origin,
            rsa_key=KEY,
            rsa_key_id="peer-key",
            client_id="good-turn",
            deployment_id="1",
            **form,
        )
        self.tool.enable_nrps(f"{self.origin}/roster")
        return {}

    def jwks(self, _form, _query):
        return self.tool.get_public_keyset()

    def login(self, form, _query):
        who = Lti1p3LaunchData(form["user"], form["role"], "config", "link-1")
        self.tool.set_user_data(form["user"], form["role"], full_name=form["name"])
        self.tool.set_resource_link_claim("link-1", title="Good Turn")
        self.tool.set_context_claim(COURSE, context_title="Programming", context_label="CS 101")
        return {"url": self.tool.prepare_preflight_url(who)}

    def auth(self, form, _query):
        return self.tool.generate_launch_request(form)

    def token(self, form, _query):
        given = self.tool.access_token(form)
        self.granted.append(given["scope"])
        return given

    def tokens(self, _form, _query):
        return self.granted

    def roster(self, _form, query):
        token = self.headers["Authorization"].removeprefix("Bearer ")
        assert self.tool.check_token(token, [MEMBERS])
        page = int(query.get("page", 0))
        people = [
            {
                "external_id": f"user-{n}",
                "name": f"Person {n}",
                "roles": ["student" if n else "staff"],
            }
            for n in range(page * SIZE, min(PEOPLE, (page + 1) * SIZE))
        ]
        listed = {"id": f"{self.origin}/roster", "context": {"id": COURSE}, "members": people}
        is_last = (page + 1) * SIZE >= PEOPLE
        link = {} if is_last else {"Link": f'<{self.origin}/roster?page={page + 1}>; rel="next"'}
        return link, serializers.LtiNrpsContextMembershipPIISerializer(listed).data

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    Peer.origin = f"http://127.0.0.1:{server.server_port}"
    print(Peer.origin, flush=True)
    server.serve_forever()
