"""Commands that put right what happened since: `platform relink|remove`, `person`, `doctor`."""

import click
from flask.cli import with_appcontext

from lti_tool.db import db, retried, start_reading, start_writing
from lti_tool.lti import keys, probes
from lti_tool.lti import queries as lti
from lti_tool.lti.findings import Finding, Level
from lti_tool.lti.models import Registration
from lti_tool.registration.commands import check_addresses, platform, platform_for
from lti_tool.roster.models import User
from lti_tool.terminal import PlainCommand, PlainGroup, print_json
from lti_tool.upkeep import actions, merging, moving, queries

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


@click.group("person", cls=PlainGroup, short_help="People whose accounts were merged.")
def person() -> None:
    """People whose accounts the platform merged.

    Example: lti-tool person merge 3q2-7w…:17 3q2-7w…:42
    """


@person.command("merge", short_help="Follow a platform that made one account of two.")
@click.argument("old")
@click.argument("new")
@click.option("--confirm", is_flag=True, help="Do it; without, only say what would be changed.")
@with_appcontext
def merge_person(old: str, new: str, confirm: bool) -> None:
    """Make two people one: what is OLD's is NEW's from now on, and whoever comes as OLD is NEW.

    Both are given as PLATFORM:SUB, the platform's id and its own id of the person. Prints counts,
    and the id with which the merge can be split again.

    Example: lti-tool person merge 3q2-7w…:17 3q2-7w…:42 --confirm
    """
    start_writing()
    first, second = _person(old), _person(new)
    if first.id == second.id or first.registration_id != second.registration_id:
        raise click.UsageError("OLD and NEW should be two people of one platform.")
    if first.merged_into_id or second.merged_into_id:
        raise click.ClickException("One of them was merged already; split that first.")
    note, stayed = merging.merge(first, second)
    told = f"{len(note.journal)} rows change, {stayed} stay"
    _end(told, f"To undo it: lti-tool person split {note.public_id} --confirm", confirm=confirm)


@person.command("split", short_help="Undo a merge.")
@click.argument("merge_id")
@click.option("--confirm", is_flag=True, help="Do it; without, only say what would be changed.")
@with_appcontext
def split_person(merge_id: str, confirm: bool) -> None:
    """Undo a merge: every row goes back to whose it was. What came since stays with the second.

    Example: lti-tool person split 9xK-aa… --confirm
    """
    start_writing()
    note = queries.merge_for(merge_id)
    if note is None:
        raise click.ClickException(f"There is no merge {merge_id} that could be split.")
    stayed = merging.split(note)
    _end(f"{len(note.journal)} rows go back, {stayed} cannot", "It is split.", confirm=confirm)


def _end(told: str, done: str, *, confirm: bool) -> None:
    """Keep what was done, or only have said what it would be."""
    if confirm:
        db.session.commit()
    else:
        db.session.rollback()
        done = "Nothing was changed; to do it, add --confirm."
    click.echo(f"{told}. {done}")


def _person(given: str) -> User:
    platform_id, _, sub = given.partition(":")
    found = queries.person_for(platform_for(platform_id).id, sub)
    if found is None:
        raise click.ClickException("There is no such person of this platform.")
    return found


COMMANDS: tuple[click.Command, ...] = (platform, person, doctor)
"""What `lti-tool` collects from here; the commands about platforms with what joins them here."""
