"""Keep a site's state in one JSON file, written whole and put in place at once."""

import dataclasses
import json
import os
import types
import typing
from datetime import datetime
from pathlib import Path
from typing import Any

from lti_tool.practice.model import State


def load(path: Path | None) -> State:
    """The state saved at `path`, or a new one."""
    if path is None or not path.exists():
        return State()
    state = revived(State, json.loads(path.read_text("utf-8")))
    assert isinstance(state, State)
    return state


def save(path: Path, state: State) -> None:
    """Replace the file at `path`; a reader sees the old text or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(path.suffix + ".new")
    fresh.write_text(json.dumps(plain(state)), "utf-8")
    fresh.chmod(0o600)
    os.replace(fresh, path)


def plain(value: object) -> Any:
    """`value` as JSON knows it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    if dataclasses.is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return value


def revived(kind: Any, value: Any) -> Any:
    """The opposite of `plain`, led by the type that is wanted."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if value is None or origin is typing.Union:
        return value
    if origin is types.UnionType:
        return revived(inner[0], value)
    if origin is dict:
        return {key: revived(inner[1], part) for key, part in value.items()}
    if origin is list:
        return [revived(inner[0], part) for part in value]
    if kind is datetime:
        return datetime.fromisoformat(value)
    if dataclasses.is_dataclass(kind):
        return _revived_record(kind, value)
    return value


def _revived_record(kind: Any, value: dict[str, Any]) -> Any:
    wanted = typing.get_type_hints(kind)
    return kind(**{name: revived(wanted[name], value[name]) for name in wanted if name in value})
