"""What all commands share: troubles in one plain line, results for people or for machines."""

import json
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from lti_tool.errors import ToolError


class PlainCommand(click.Command):
    """A command whose troubles are one plain line and exit 1, also under `flask`."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what goes wrong outside of it is said in words."""
        try:
            return super().invoke(ctx)
        except ToolError as error:
            raise click.ClickException(f"{error.words.cause} ({error.words.code})") from error
        except SQLAlchemyError as error:
            raise click.ClickException(
                f"The database cannot be used ({type(error).__name__}); check "
                "LTI_TOOL_DATABASE_URL, then run: lti-tool upgrade"
            ) from error
        except OSError as error:
            raise click.ClickException(f"{error.strerror}: {error.filename or '-'}") from error


class PlainGroup(click.Group):
    """A group of such commands."""

    command_class = PlainCommand


def print_json(found: Any) -> None:
    """A result for machines."""
    click.echo(json.dumps(found, indent=2))
