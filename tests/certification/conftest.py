"""A door to knock at, and a clock to move."""

from tests.door import _doors, canary, door, doors, later, one_door  # noqa: F401
