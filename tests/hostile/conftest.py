"""A course that works, and then its platform does not."""

from tests.credit.conftest import the_clock  # noqa: F401
