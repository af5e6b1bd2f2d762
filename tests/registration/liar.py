"""A platform that says whatever it is told to say, and counts what it is asked."""

import json
from types import SimpleNamespace

from lti_tool.lti import claims

HONEST = {"product_family_code": "moodle", "messages_supported": []}


class Liar:
    """One platform on this machine; each of its three answers can be replaced."""

    def __init__(self, url, key_set):
        self.url, self.asked = url, []
        self.honest = {
            "issuer": url,
            "authorization_endpoint": f"{url}/auth",
            "token_endpoint": f"{url}/token",
            "jwks_uri": f"{url}/jwks",
            "registration_endpoint": f"{url}/register",
            claims.PLATFORM_CONFIGURATION: HONEST,
        }
        self.answers = {
            "/configuration": answer(self.honest),
            "/jwks": answer(key_set),
            "/register": answer({"client_id": "given"}),
        }

    def __call__(self, environ, start_response):
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        said = self.answers[environ["PATH_INFO"]]
        headers = {"Content-Type": "application/json", "Content-Length": str(said.length)}
        start_response(f"{said.status} Said", list((headers | said.headers).items()))
        return [said.body]

    def says(self, path, body, **more):
        """Replace an answer; a dict stands for its JSON."""
        self.answers[path] = answer(body, **more)

    def describes(self, **changed):
        """Another description; a name whose value is `...` is left out."""
        whole = self.honest | changed
        self.says(
            "/configuration", {name: value for name, value in whole.items() if value is not ...}
        )

    @property
    def fields(self):
        """What it puts into the invitation's address."""
        return {"openid_configuration": f"{self.url}/configuration", "registration_token": "t"}

    @property
    def was_asked_to_register(self):
        return self.asked.count(("POST", "/register"))


def answer(body, status=200, length=None, **headers):
    """One answer; `length` may lie."""
    whole = body if isinstance(body, bytes) else json.dumps(body).encode()
    return SimpleNamespace(
        body=whole,
        status=status,
        length=len(whole) if length is None else length,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
