"""Commands about platforms: invite, add, list, show, switch off and on, frame."""

from collections.abc import Sequence
from typing import Any

import click
from flask.cli import with_appcontext

from lti_tool import settings
from lti_tool.db import db, start_reading, start_writing
from lti_tool.errors import PlatformUnreachable
from lti_tool.lti import actions, keys, queries, troubles
from lti_tool.lti.http import check_address
from lti_tool.lti.models import PlatformKind, Registration
from lti_tool.lti.rules import origin_of
from lti_tool.registration.actions import invite as make_invitation
from lti_tool.terminal import PlainCommand, PlainGroup, print_json

MOST_NAME = 200


def _name(_context: Any, _option: Any, value: str) -> str:
    name = " ".join(value.split())
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise click.BadParameter("a name of 1 to 200 letters, such as 'Our Moodle'")
    return name


@click.command(cls=PlainCommand, short_help="Invite one platform to be registered.")
@click.argument("name", callback=_name)
@with_appcontext
def invite(name: str) -> None:
    """Print one address at which one learning platform can be registered, by paste or by hand.

    It is open for seven days, and until a registration is finished. Only its digest is kept: a
    lost address cannot be shown again. NAME is for people.

    Example: lti-tool invite "Our Moodle"
    """
    start_reading()
    keys.signing_key()
    start_writing()
    address = make_invitation(name)
    db.session.commit()
    click.echo(address)


@click.group(cls=PlainGroup, short_help="Learning platforms: add, list, show, disable.")
def platform() -> None:
    """Learning platforms that may launch Good Turn.

    Example: lti-tool platform list
    """


def _origins(_context: Any, _option: Any, values: Sequence[str]) -> Sequence[str]:
    for value in values:
        if origin_of(value) != value.rstrip("/"):
            raise click.BadParameter(f"{value} is not an origin such as https://lms.example.edu")
    return [value.rstrip("/") for value in values]


def check_addresses(given: dict[str, Any]) -> None:
    """Refuse addresses that no platform can have; which these are depends on the settings."""
    for name in {"auth_url", "token_url", "jwks_url"} & set(given):
        try:
            check_address(given[name])
        except PlatformUnreachable as error:
            hint = f"--{name.replace('_', '-')}"
            cause = troubles.words_of(error.reason).cause
            raise click.BadParameter(f"{given[name]}: {cause}", param_hint=hint) from None


@platform.command("add", short_help="Register a platform by hand.")
@click.option("--name", required=True, help="For people; need not be unique.")
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in PlatformKind]))
@click.option("--issuer", required=True, help="The platform's `iss`, exactly as it sends it.")
@click.option("--client-id", required=True)
@click.option("--auth-url", required=True)
@click.option("--token-url", required=True)
@click.option("--jwks-url", required=True)
@click.option("--deployment-id", "deployment_ids", multiple=True, help="May be given often.")
@click.option("--frame-origin", "frame_origins", multiple=True, callback=_origins)
@with_appcontext
def add_platform(**given: Any) -> None:
    """Register a platform by hand; prints its addresses as JSON.

    \b
    Example:
      lti-tool platform add --name "Our Moodle" --kind moodle \\
        --issuer https://moodle.example.edu --client-id AbC123 \\
        --auth-url https://moodle.example.edu/mod/lti/auth.php \\
        --token-url https://moodle.example.edu/mod/lti/token.php \\
        --jwks-url https://moodle.example.edu/mod/lti/certs.php
    """
    check_addresses(given)
    start_reading()
    keys.signing_key()
    start_writing()
    registration = actions.register(**given | {"kind": PlatformKind(given["kind"])})
    db.session.commit()
    print_json(described(registration))


@platform.command("list", short_help="All platforms.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@with_appcontext
def list_platforms(as_json: bool) -> None:
    """All platforms, oldest first. One that is pending has launched no course yet.

    Example: lti-tool platform list --json
    """
    found = [described(registration) for registration in queries.registrations()]
    if as_json:
        print_json(found)
        return
    for each in found:
        state = "" if each["state"] == "active" else f"  ({each['state']})"
        click.echo(f"{each['id']}  {each['kind']:<7} {each['name']}  {each['issuer']}{state}")


@platform.command("show", short_help="One platform.")
@click.argument("platform_id")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@with_appcontext
def show_platform(platform_id: str, as_json: bool) -> None:
    """One platform and its addresses.

    Example: lti-tool platform show 3q2-7w…
    """
    found = described(platform_for(platform_id))
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        click.echo(f"{name}: {value}")


@platform.command("disable", short_help="Refuse a platform's launches.")
@click.argument("platform_id")
@with_appcontext
def disable_platform(platform_id: str) -> None:
    """Refuse a platform's launches from now on; nothing is deleted.

    Example: lti-tool platform disable 3q2-7w…
    """
    start_writing()
    registration = platform_for(platform_id)
    registration.is_disabled = True
    db.session.commit()
    click.echo(f"{registration.name} is disabled.")


@platform.command("enable", short_help="Allow a disabled platform's launches again.")
@click.argument("platform_id")
@with_appcontext
def enable_platform(platform_id: str) -> None:
    """Allow a disabled platform's launches again.

    Example: lti-tool platform enable 3q2-7w…
    """
    start_writing()
    registration = platform_for(platform_id)
    registration.is_disabled = False
    db.session.commit()
    click.echo(f"{registration.name} is enabled.")


@platform.command("frame-origin", short_help="Which other sites may frame a platform's pages.")
@click.argument("platform_id")
@click.option("--add", multiple=True, callback=_origins, help="Such as https://lms.example.edu.")
@click.option("--remove", multiple=True, callback=_origins)
@with_appcontext
def frame_origin(platform_id: str, add: Sequence[str], remove: Sequence[str]) -> None:
    """Which other sites may frame a platform's pages, beside its own; prints all that may.

    For a platform that shows courses at another address than the one it signs in at.

    Example: lti-tool platform frame-origin 3q2-7w… --add https://portal.example.edu
    """
    start_writing()
    registration = platform_for(platform_id)
    kept = {*registration.extra_frame_origins, *add} - set(remove)
    registration.extra_frame_origins = sorted(kept)
    db.session.commit()
    for origin in queries.frame_origins(registration):
        click.echo(origin)


def described(registration: Registration) -> dict[str, Any]:
    """What an administrator enters in the platform, and what we know of it."""
    origin = settings.current().origin
    base = f"{origin}/lti/{registration.public_id}"
    return {
        "id": registration.public_id,
        "name": registration.name,
        "kind": registration.kind.value,
        "issuer": registration.issuer,
        "client_id": registration.client_id,
        "deployment_ids": [row.deployment_id for row in registration.deployments],
        "login_url": f"{base}/login",
        "launch_url": f"{base}/launch",
        "jwks_url": f"{origin}/lti/jwks.json",
        "config_url": f"{base}/config.json",
        "frame_origins": queries.frame_origins(registration),
        "disabled": registration.is_disabled,
        "state": _state(registration),
    }


def _state(registration: Registration) -> str:
    """Pending until the first launch: the platform may still have to activate the tool."""
    if registration.is_disabled:
        return "disabled"
    return "active" if queries.has_launched(registration) else "pending"


def platform_for(platform_id: str) -> Registration:
    """The platform of this id; there is none, in one plain line, for any other."""
    for registration in queries.registrations():
        if registration.public_id == platform_id:
            return registration
    raise click.ClickException(f"There is no platform {platform_id}; see: lti-tool platform list")
