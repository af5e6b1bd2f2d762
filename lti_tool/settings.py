"""The settings: read once at start, checked, and never changed while running.

`config/<LTI_TOOL_ENV>.toml` goes over `config/default.toml`, and `LTI_TOOL_<KEY>` over both.
A bad or missing setting stops the start with its name and what it should be.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

import click
from flask import current_app

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "LTI_TOOL_"
ENVIRONMENTS = ("production", "development", "testing")
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
TRUE_WORDS = frozenset({"1", "true", "on"})
FALSE_WORDS = frozenset({"0", "false", "off"})


class SettingsError(click.ClickException):
    """A setting is missing or bad; the message names it and says what it should be."""

    def __init__(self, key: str, should_be: str) -> None:
        super().__init__(f"{PREFIX}{key} should be {should_be}.")
        self.key = key


@dataclass(frozen=True)
class Settings:
    """What an administrator decides. Each key is explained in the README."""

    PUBLIC_URL: str
    SECRET_KEY: str
    DATABASE_URL: str
    QUEUE_URL: str
    CACHE_URL: str
    SMTP_URL: str
    MAIL_FROM: str
    MAIL_BOUNCE: str
    ALLOW_PRIVATE_PLATFORMS: bool
    PROXY_HOPS: int
    METRICS_TOKEN: str
    LOG_LEVEL: str
    DEFAULT_TIMEZONE: str
    SUPPORT_CONTACT: str
    ENV: str = "production"

    @property
    def origin(self) -> str:
        """Scheme, host and port of PUBLIC_URL, as browsers write an origin (RFC 6454)."""
        address = self.PUBLIC_URL.rstrip("/").lower()
        is_https = address.startswith("https://")
        return address.removesuffix(":443" if is_https else ":80")

    @property
    def zone(self) -> ZoneInfo:
        """The zone of courses whose platform names none."""
        return ZoneInfo(self.DEFAULT_TIMEZONE)

    @property
    def is_loopback(self) -> bool:
        """Whether people reach the tool on this machine only, as in the demo and in tests."""
        return is_loopback(urlsplit(self.PUBLIC_URL).hostname or "")


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine, as browsers see it (RFC 6761 §6.3 for *.localhost)."""
    return host in LOOPBACK_HOSTS or host.endswith(".localhost")


def current() -> Settings:
    """The settings of the running application."""
    settings: Settings = current_app.extensions["good_turn_settings"]
    return settings


def load(environ: Mapping[str, str]) -> Settings:
    """The checked settings for this environment; raises SettingsError."""
    env = environ.get(f"{PREFIX}ENV", "production")
    if env not in ENVIRONMENTS:
        raise SettingsError("ENV", f"one of {', '.join(ENVIRONMENTS)}, not {env!r}")
    values = _from_files(env) | _from_environment(environ)
    settings = Settings(**values, ENV=env)
    for key, check in CHECKS.items():
        if should_be := check(getattr(settings, key)):
            raise SettingsError(key, should_be)
    return settings


def _from_files(env: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in ("default", env):
        values |= tomllib.loads((ROOT / "config" / f"{name}.toml").read_text("utf-8"))
    for key in values:
        if key not in KEYS:
            raise SettingsError(key, "left out of config/: there is no such setting")
    return {key: _typed(key, value) for key, value in values.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    given = {key: environ[PREFIX + key] for key in KEYS if PREFIX + key in environ}
    return {key: _typed(key, value) for key, value in given.items()}


def _typed(key: str, value: Any) -> Any:
    """`value` as the type that `key` has: environment variables are always text."""
    kind = KEYS[key]
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value.strip() if isinstance(value, str) else value
    if kind is bool and str(value).lower() in TRUE_WORDS | FALSE_WORDS:
        return str(value).lower() in TRUE_WORDS
    if kind is int and str(value).strip().isdecimal():
        return int(value)
    should_be = {bool: "1/0, true/false or on/off", int: "a whole number", str: "text"}[kind]
    raise SettingsError(key, f"{should_be}, not {value!r}")


def _check_public_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "a plain address, such as https://goodturn.example.edu"
    if parts.scheme not in ("http", "https") or not host:
        return "the https address people open, such as https://goodturn.example.edu"
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        return "only a scheme, a host and a port, without a path"
    if parts.scheme == "http" and not is_loopback(host):
        return "https, except on a loopback host: LMS pages cannot frame plain http"
    return ""


def _check_secret(value: str) -> str:
    return "" if len(value.encode()) >= 32 else "32 bytes or more, kept secret"


def _scheme_in(*schemes: str) -> Callable[[str], str]:
    written = {"sqlite": "sqlite:///path/to/file.db"}
    should_be = " or ".join(written.get(scheme, f"{scheme}://…") for scheme in schemes)

    def check(value: str) -> str:
        scheme, _, rest = value.partition("://")
        is_file = scheme != "sqlite" or (
            len(rest) > 1 and rest[0] == "/" and rest[1:] != ":memory:"
        )
        return "" if scheme in schemes and is_file and _has_port(value) else should_be

    return check


def _has_port(value: str) -> bool:
    """Whether the address can be read: with a number as port, or with none."""
    try:
        urlsplit(value).port  # noqa: B018 - reading it is the check
    except ValueError:
        return False
    return True


def _optional(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda value: check(value) if value else ""


def _check_zone(value: str) -> str:
    return "" if value in available_timezones() else "a time zone such as Europe/Berlin"


def _check_level(value: str) -> str:
    levels = ("debug", "info", "warning", "error")
    return "" if value in levels else f"one of {', '.join(levels)}"


def _check_hops(value: int) -> str:
    return "" if 0 <= value <= 10 else "the number of proxies in front, 0 to 10"


CHECKS: dict[str, Callable[[Any], str]] = {
    "PUBLIC_URL": _check_public_url,
    "SECRET_KEY": _check_secret,
    "DATABASE_URL": _scheme_in("sqlite", "postgresql"),
    "QUEUE_URL": _scheme_in("sqlite", "postgresql", "redis"),
    "CACHE_URL": _scheme_in("memory", "redis"),
    "SMTP_URL": _optional(_scheme_in("smtp", "smtps")),
    "PROXY_HOPS": _check_hops,
    "LOG_LEVEL": _check_level,
    "DEFAULT_TIMEZONE": _check_zone,
}
KEYS: dict[str, type] = {
    field.name: get_type_hints(Settings)[field.name]
    for field in fields(Settings)
    if field.name != "ENV"
}
