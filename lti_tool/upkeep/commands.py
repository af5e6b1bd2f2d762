"""Commands that put right what happened since: `platform relink|remove`, `doctor`."""

import click
from flask.cli import with_appcontext

from lti_tool.db import db, retried, start_reading, start_writing
from lti_tool.lti import keys, probes
from lti_tool.lti import queries as lti
from lti_tool.lti.findings import Finding, Level
from lti_tool.lti.models import Registration
from lti_tool.registration.commands import check_addresses, platform, platform_for
from lti_tool.terminal import PlainCommand, print_json
from lti_tool.upkeep import actions, moving, queries

TOLD = {"context": "courses", "user": "people", "question": "questions", "credit_entry": "credits"}
"""What a person wants to know before something is deleted, by table."""


@platform.command("relink", short_help="Move a platform to a new issuer, client id or keys.")
@click.argument("platform_id")
@click.option("--issuer")
@click.option("--client-id")
@click.option("--auth-url")
@click.option("--token-url")
@click.option("--jwks-url")
@click.option("--deployment-id", "deployments", multiple=True, help="In place of the known ones.")
@click.option("--confirm", is_flag=True, help="Do it; without, only compare the people.")
@with_appcontext
def relink_platform(
    platform_id: str, deployments: tuple[str, ...], confirm: bool, **given: str | None
) -> None:
    """Move a platform to a new issuer, client id or addresses; every course and person stays.

    Fetches some rosters in the new way and compares them with the people we know, changing
    nothing. With --confirm it is carried out.

    Example: lti-tool platform relink 3q2-7w… --client-id 10000000000007 --confirm
    """
    wanted = {name: value for name, value in given.items() if value}
    if not wanted and not deployments:
        raise click.UsageError("Say what is new, such as --client-id.")
    check_addresses(wanted)
    start_reading()
    keys.signing_key()
    registration = platform_for(platform_id)
    move = moving.move_of(registration, wanted, deployments)
    click.echo("\n".join(moving.compare(registration, wanted, move)))
    if not confirm:
        click.echo("Nothing was changed; to do it, add --confirm.")
        return
    start_writing()
    actions.relink(platform_for(platform_id), wanted, deployments, move)
    db.session.commit()
    click.echo("It is moved. Launch a course from the platform, then run: lti-tool doctor")


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


@click.command("doctor", cls=PlainCommand, short_help="Say in words what is wrong.")
@click.argument("platform_id", required=False)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@with_appcontext
def doctor(platform_id: str | None, as_json: bool) -> None:
    """Test one platform or all: addresses, keys, token, clock, roster, grades, frame, launches.

    One line for each part: how it stands, why, and what to do. Says hosts and counts only. Exits
    with 1 if anything is bad.

    Example: lti-tool doctor 3q2-7w…
    """
    start_reading()
    keys.signing_key()
    found = _findings([platform_for(platform_id)] if platform_id else lti.registrations())
    if as_json:
        print_json([_for_machines(of, finding) for of, finding in found])
    else:
        click.echo("\n".join(_line(of, finding) for of, finding in found))
    if any(finding.level is Level.BAD for _, finding in found):
        raise click.exceptions.Exit(1)


def _findings(chosen: list[Registration]) -> list[tuple[str | None, Finding]]:
    found: list[tuple[str | None, Finding]] = [
        (None, finding) for finding in queries.server_findings()
    ]
    for registration in chosen:
        public_id = registration.public_id
        found += [(public_id, finding) for finding in probes.examine(registration)]
        db.session.rollback()
    return found


def _for_machines(of: str | None, finding: Finding) -> dict[str, object]:
    cause, advice = finding.told()
    part: dict[str, object] = {"platform": of, "check": finding.check, "level": finding.level.value}
    return {**part, "cause": cause, "advice": advice}


def _line(of: str | None, finding: Finding) -> str:
    cause, advice = finding.told()
    what_to_do = f" → {advice}" if advice else ""
    return f"{finding.level.value:<4}  {of or 'server'}  {finding.check}: {cause}{what_to_do}"


COMMANDS: tuple[click.Command, ...] = (platform, doctor)
"""What `lti-tool` collects from here; the commands about platforms with what joins them here."""
