"""Good Turn: a peer-help board inside Moodle and Canvas courses."""

from collections.abc import Mapping
from typing import Any

__version__ = "0.1.0"


def create_app(environ: Mapping[str, str] | None = None) -> Any:
    """The application for these settings; see `lti_tool.app`."""
    from lti_tool.app import create_app as create

    return create(environ)
