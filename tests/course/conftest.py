"""What tests about a course in time share."""

import pytest
from sqlalchemy import select

from lti_tool.db import db, start_reading
from lti_tool.lti.models import Context


@pytest.fixture
def context():
    """The one course, as it is now."""

    def read():
        start_reading()
        return db.session.scalars(select(Context)).one()

    return read


@pytest.fixture
def ask():
    """Ask a question as a browser's person; the address of the question in the visit."""

    def put(browser, title):
        answer = browser.send("ask", title=title, body="Some words")
        assert answer.status_code == 303, answer.text
        return "questions/" + answer.headers["Location"].rpartition("/")[2]

    return put
