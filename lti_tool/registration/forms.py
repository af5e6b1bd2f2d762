"""Checks what an administrator typed, or what a platform put into its address."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lti_tool.errors import N_, PlatformUnreachable
from lti_tool.lti.http import check_address
from lti_tool.registration import rules
from lti_tool.registration.rules import Platform, Registered
from lti_tool.registration.talk import Asked

MOST_TOKEN = 8_000
KINDS = ("moodle", "canvas", "other")
FIELDS = {
    "moodle": ("site", "client_id", "deployment_id"),
    "canvas": ("where", "site", "issuer", "client_id", "deployment_id"),
    "other": ("issuer", "auth_url", "token_url", "jwks_url", "client_id", "deployment_id"),
}
"""What is asked for each kind of platform."""
ADDRESS_PROBLEMS = {
    "site": N_("The platform's address should begin with https://, as the browser shows it."),
    "issuer": N_("The issuer should be an https address, letter by letter as the platform says."),
    "auth_url": N_("The authentication request URL should be an https address."),
    "token_url": N_("The access token URL should be an https address."),
    "jwks_url": N_("The platform's public keyset URL should be an https address."),
}
CLIENT_PROBLEM = N_("Copy the client id from the platform: it has no spaces in it.")
DEPLOYMENT_PROBLEM = N_("Copy the deployment id from the platform, or leave this empty.")
OWN_CANVAS = "own"
CANVAS_ISSUER = "https://canvas.instructure.com"


@dataclass
class Typed:
    """A form as it was sent: the values, what is wrong with each, and what they come to."""

    kind: str
    values: dict[str, str]
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether the form can be used."""
        return not self.problems

    @property
    def first_address(self) -> str:
        """The field whose address the others follow from, for a problem with the platform."""
        has_where = self.kind == "canvas" and self.values["where"] != OWN_CANVAS
        return "where" if has_where else "jwks_url" if self.kind == "other" else "site"

    @property
    def platform(self) -> Platform:
        """The platform that a good form describes."""
        values = self.values
        if self.kind == "moodle":
            return rules.moodle(values["site"])
        if self.kind == "canvas":
            hosted = rules.HOSTED_CANVAS.get(values["where"])
            return hosted or rules.canvas(values["site"], values["issuer"] or CANVAS_ISSUER)
        return Platform(
            kind="other",
            issuer=values["issuer"],
            auth_url=values["auth_url"],
            token_url=values["token_url"],
            jwks_url=values["jwks_url"],
        )

    @property
    def registered(self) -> Registered:
        """How the platform calls us."""
        deployment = self.values["deployment_id"]
        return Registered(self.values["client_id"], (deployment,) if deployment else ())


def empty(kind: str) -> Typed:
    """The form before anybody typed."""
    values = dict.fromkeys(FIELDS.get(kind, ()), "")
    return Typed(kind, values | ({"where": "hosted"} if kind == "canvas" else {}))


def by_hand(form: Mapping[str, str]) -> Typed:
    """What an administrator copied from the platform."""
    kind = form.get("kind", "")
    kind = kind if kind in KINDS else "other"
    typed = Typed(kind, {name: _clean(form.get(name, "")) for name in FIELDS[kind]})
    for name in _addresses(typed):
        if not _is_address(typed.values[name]):
            typed.problems[name] = ADDRESS_PROBLEMS[name]
    if not rules.is_id(typed.values["client_id"]):
        typed.problems["client_id"] = CLIENT_PROBLEM
    if typed.values["deployment_id"] and not rules.is_id(typed.values["deployment_id"]):
        typed.problems["deployment_id"] = DEPLOYMENT_PROBLEM
    return typed


def _addresses(typed: Typed) -> list[str]:
    """The fields that must hold an address."""
    if typed.kind == "canvas":
        if typed.values["where"] in rules.HOSTED_CANVAS:
            return []
        typed.values["where"] = OWN_CANVAS
        return ["site", *(["issuer"] if typed.values["issuer"] else [])]
    return [name for name in FIELDS[typed.kind] if not name.endswith("_id")]


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()


def _is_address(text: str) -> bool:
    if rules.site_of(text) is None:
        return False
    try:
        check_address(text)
    except PlatformUnreachable:
        return False
    return True


def asked(form: Mapping[str, str]) -> Asked:
    """What the platform sent along. What is no address or no token leads nowhere, and says so."""
    url, token = form.get("openid_configuration", ""), form.get("registration_token", "")
    is_token = token.isascii() and token.isprintable() and " " not in token
    return Asked(
        url if rules.site_of(url) else "",
        token if is_token and len(token) <= MOST_TOKEN else "",
    )
