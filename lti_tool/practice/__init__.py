"""A pretend LMS at its own origin, for `make demo` and the tests; shares nothing with `lti/`."""
