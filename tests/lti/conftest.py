"""A door to knock at, and the clock."""

from tests.door import _doors, canary, door, one_door  # noqa: F401
