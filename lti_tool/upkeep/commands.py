"""Commands that put right what happened since: `platform remove`."""

import click
from flask.cli import with_appcontext

from lti_tool.db import db, retried, start_reading, start_writing
from lti_tool.registration.commands import platform, platform_for
from lti_tool.upkeep import actions, queries

TOLD = {"context": "courses", "user": "people", "question": "questions", "credit_entry": "credits"}
"""What a person wants to know before something is deleted, by table."""


@platform.command("remove", short_help="Delete a platform and all that is its.")
@click.argument("platform_id")
@click.option("--confirm", is_flag=True, help="Do it; without, only say what would be deleted.")
@with_appcontext
def remove_platform(platform_id: str, confirm: bool) -> None:
    """Delete a platform with its courses, people, questions and credit. There is no way back.

    Says what would be deleted; deletes with --confirm. What is in the platform's gradebook stays.

    Example: lti-tool platform remove 3q2-7w… --confirm
    """
    start_reading()
    registration = platform_for(platform_id)
    name, number = registration.name, registration.id
    counts = queries.counts(number)
    told = ", ".join(f"{counts[table]} {what}" for table, what in TOLD.items())
    if not confirm:
        click.echo(f"{name}: {told}. Nothing was deleted; to do it, add --confirm.")
        return
    start_writing()
    platform_for(platform_id).is_disabled = True
    db.session.commit()
    retried(lambda: _remove(number))
    click.echo(f"{name} is removed: {told}.")


def _remove(registration_id: int) -> None:
    """Everything, in small transactions; one that was cut off goes on when it is asked again."""
    for table in reversed(queries.platform_tables()):
        while actions.remove_some(table, registration_id):
            db.session.commit()
            start_writing()


COMMANDS: tuple[click.Command, ...] = (platform,)
"""What `lti-tool` collects from here; the commands about platforms with what joins them here."""
