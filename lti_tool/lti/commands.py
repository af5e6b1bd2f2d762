"""Commands about our own keys."""

import click
from flask.cli import with_appcontext

from lti_tool.db import db, start_reading
from lti_tool.lti import keys
from lti_tool.terminal import PlainGroup


@click.group("keys", cls=PlainGroup, short_help="Our signing keys: rotate.")
def signing_keys() -> None:
    """The keys that Good Turn signs with.

    Example: lti-tool keys rotate
    """


@signing_keys.command("rotate", short_help="Make a new signing key.")
@with_appcontext
def rotate_keys() -> None:
    """Make a new signing key; prints its id.

    It is published at once and signs after an hour, when every platform can know it; the old one
    stays published for two days more.

    Example: lti-tool keys rotate
    """
    start_reading()
    keys.signing_key()
    db.session.rollback()
    click.echo(keys.make_signing_key().kid)
