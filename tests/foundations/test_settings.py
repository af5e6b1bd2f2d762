"""Settings: where they come from, and what a bad one says."""

from dataclasses import fields

import pytest

from lti_tool import settings
from lti_tool.settings import SettingsError

GOOD = {
    "LTI_TOOL_PUBLIC_URL": "https://goodturn.example.edu",
    "LTI_TOOL_SECRET_KEY": "a secret for tests, longer than 32 bytes",
}
KEYS = [field.name for field in fields(settings.Settings) if field.name != "ENV"]


def load(**given):
    return settings.load(GOOD | {f"LTI_TOOL_{key}": value for key, value in given.items()})


def refusal(**given):
    """What the start says about a bad setting."""
    with pytest.raises(SettingsError) as refused:
        load(**given)
    return refused.value.format_message()


@pytest.mark.parametrize(
    ("key", "value", "should_be"),
    [
        ("PUBLIC_URL", "", "the https address"),
        ("PUBLIC_URL", "goodturn.example.edu", "the https address"),
        ("PUBLIC_URL", "ftp://goodturn.example.edu", "the https address"),
        ("PUBLIC_URL", "http://goodturn.example.edu", "https, except on a loopback host"),
        ("PUBLIC_URL", "https://goodturn.example.edu/board", "without a path"),
        ("PUBLIC_URL", "https://goodturn.example.edu?x=1", "without a path"),
        ("PUBLIC_URL", "https://me@goodturn.example.edu", "without a path"),
        ("PUBLIC_URL", "https://goodturn.example.edu:port", "a plain address"),
        ("PUBLIC_URL", "https://[bad", "a plain address"),
        ("SECRET_KEY", "", "32 bytes or more"),
        ("SECRET_KEY", "x" * 31, "32 bytes or more"),
        ("DATABASE_URL", "", "sqlite:///path/to/file.db or postgresql://…"),
        ("DATABASE_URL", "mysql://localhost/x", "sqlite:///path/to/file.db or postgresql://…"),
        ("DATABASE_URL", "sqlite://", "sqlite:///path/to/file.db or postgresql://…"),
        ("DATABASE_URL", "sqlite:///", "sqlite:///path/to/file.db or postgresql://…"),
        ("DATABASE_URL", "sqlite:///:memory:", "sqlite:///path/to/file.db or postgresql://…"),
        ("DATABASE_URL", "postgresql://me:secret@host:port/x", "postgresql://…"),
        ("QUEUE_URL", "amqp://localhost", "or redis://…"),
        ("CACHE_URL", "sqlite:///x", "memory://… or redis://…"),
        ("SMTP_URL", "mail.example.edu", "smtp://… or smtps://…"),
        ("ALLOW_PRIVATE_PLATFORMS", "perhaps", "1/0, true/false or on/off"),
        ("ALLOW_PRIVATE_PLATFORMS", "", "1/0, true/false or on/off"),
        ("PROXY_HOPS", "-1", "a whole number"),
        ("PROXY_HOPS", "1.5", "a whole number"),
        ("PROXY_HOPS", "11", "0 to 10"),
        ("LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("DEFAULT_TIMEZONE", "Mars/Olympus", "a time zone such as Europe/Berlin"),
        ("DEFAULT_TIMEZONE", "", "a time zone such as Europe/Berlin"),
        ("ENV", "staging", "one of production, development, testing"),
    ],
)
def test_a_bad_setting_is_named_with_what_it_should_be(key, value, should_be):
    message = refusal(**{key: value})

    assert message.startswith(f"LTI_TOOL_{key} should be ")
    assert should_be in message
    assert "\n" not in message


@pytest.mark.parametrize("key", ["PUBLIC_URL", "SECRET_KEY"])
def test_what_has_no_default_must_be_given(key):
    given = {name: value for name, value in GOOD.items() if not name.endswith(key)}

    with pytest.raises(SettingsError, match=f"LTI_TOOL_{key} should be"):
        settings.load(given)


def test_a_password_in_a_bad_address_is_not_repeated():
    assert "secret" not in refusal(DATABASE_URL="postgresql://me:secret@host:port/x")


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("true", True), ("ON", True), ("0", False), ("False", False), ("off", False)],
)
def test_booleans_are_written_in_three_ways(text, value):
    assert load(ALLOW_PRIVATE_PLATFORMS=text).ALLOW_PRIVATE_PLATFORMS is value


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("PUBLIC_URL", "http://localhost:8000", "http://localhost:8000"),
        ("SECRET_KEY", "é" * 16, "é" * 16),
        ("DATABASE_URL", "postgresql://db/tool", "postgresql://db/tool"),
        ("QUEUE_URL", "redis://cache", "redis://cache"),
        ("CACHE_URL", "redis://cache", "redis://cache"),
        ("SMTP_URL", "smtps://mail.example.edu", "smtps://mail.example.edu"),
        ("MAIL_FROM", "board@example.edu", "board@example.edu"),
        ("MAIL_BOUNCE", "bounce@example.edu", "bounce@example.edu"),
        ("ALLOW_PRIVATE_PLATFORMS", "on", True),
        ("PROXY_HOPS", " 2 ", 2),
        ("METRICS_TOKEN", "a token", "a token"),
        ("LOG_LEVEL", "warning", "warning"),
        ("DEFAULT_TIMEZONE", "Asia/Kolkata", "Asia/Kolkata"),
        ("SUPPORT_CONTACT", "help@example.edu", "help@example.edu"),
    ],
)
def test_every_setting_can_be_given_by_the_environment(key, text, value):
    assert getattr(load(**{key: text}), key) == value


def test_the_table_above_has_every_setting():
    marks = test_every_setting_can_be_given_by_the_environment.pytestmark[0].args[1]

    assert sorted(row[0] for row in marks) == sorted(KEYS)


def test_production_is_the_default_and_adds_nothing():
    chosen = settings.load(GOOD)

    assert chosen.ENV == "production"
    assert chosen.DATABASE_URL == "sqlite:///var/good-turn.db"
    assert chosen.ALLOW_PRIVATE_PLATFORMS is False


def test_an_environment_goes_over_the_defaults_and_variables_over_both():
    testing = settings.load(GOOD | {"LTI_TOOL_ENV": "testing"})
    louder = settings.load(GOOD | {"LTI_TOOL_ENV": "testing", "LTI_TOOL_LOG_LEVEL": "debug"})

    assert (load().LOG_LEVEL, testing.LOG_LEVEL, louder.LOG_LEVEL) == ("info", "error", "debug")
    assert testing.ALLOW_PRIVATE_PLATFORMS is True


def test_a_key_that_does_not_exist_is_refused_in_a_file(tmp_path, monkeypatch):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "default.toml").write_text("COLOUR = 'red'")
    (tmp_path / "config" / "production.toml").write_text("")
    monkeypatch.setattr(settings, "ROOT", tmp_path)

    with pytest.raises(SettingsError, match="LTI_TOOL_COLOUR should be left out of config/"):
        settings.load(GOOD)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Goodturn.Example.EDU/", "https://goodturn.example.edu"),
        ("https://goodturn.example.edu:443", "https://goodturn.example.edu"),
        ("https://goodturn.example.edu:8443", "https://goodturn.example.edu:8443"),
        ("http://localhost:80", "http://localhost"),
    ],
)
def test_the_origin_is_written_as_browsers_write_it(address, origin):
    assert load(PUBLIC_URL=address).origin == origin


def test_no_file_holds_a_secret():
    chosen = settings._from_files("production")

    assert {chosen[key] for key in ("SECRET_KEY", "METRICS_TOKEN", "SMTP_URL")} == {""}
