"""A door to knock at."""

from tests.door import _doors, canary, door, doors, one_door  # noqa: F401
