"""The family of errors. Actions raise them; only `web` and the command line catch them.

    ToolError 500
    ├── NotHere 404             there is nothing here for this member
    ├── NotAllowed 403          the role of this visit may not do it
    ├── Invalid 422             a form holds something that cannot be used
    ├── VisitOver 401           no visit, or one that has ended
    ├── LaunchRejected 400      a launch that cannot be trusted or understood
    └── PlatformUnreachable 503 the LMS does not answer; trying again later may help
        └── PlatformRefused     the LMS answered, and said no

Each has a short `code` for people who ask for help, a `cause` and a `next_step` in words. The
codes are explained in docs/errors.md. No error ever carries a person's name or a token.
"""

from dataclasses import dataclass


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark `text` for translation; it is translated where it is shown."""
    return text


@dataclass(frozen=True)
class Words:
    """What a person is told about an error."""

    code: str
    cause: str
    next_step: str


class ToolError(Exception):
    """Anything that went wrong and has words for people."""

    status = 500
    words = Words(
        "unexpected",
        N_("Something went wrong on our side."),
        N_("Nothing you wrote is shared. Go back, try again, and tell us the code if it stays."),
    )

    def __init__(self, words: Words | None = None) -> None:
        self.words = words or type(self).words
        super().__init__(self.words.code)


class NotHere(ToolError):
    """There is no such thing for this member; whether it exists elsewhere is not said."""

    status = 404
    words = Words(
        "not-here",
        N_("This page does not exist, or it is not part of this course."),
        N_("Go back to the board, or open Good Turn again from your course."),
    )


class NotAllowed(ToolError):
    """The role of this visit may not do this."""

    status = 403
    words = Words(
        "not-allowed",
        N_("Your role in this course does not include this."),
        N_("If it should, ask your teacher, and open Good Turn again from the course."),
    )


class Invalid(ToolError):
    """A form holds something that cannot be used."""

    status = 422
    words = Words(
        "invalid",
        N_("Something in the form cannot be used."),
        N_("Go back: what you wrote is still there. Correct it and send it again."),
    )


class VisitOver(ToolError):
    """The visit has ended, or this browser never had it."""

    status = 401
    words = Words(
        "visit-over",
        N_("This visit has ended, or it was opened in another browser."),
        N_("Open Good Turn from your course again: one click, and you are back."),
    )


class LaunchRejected(ToolError):
    """A launch that cannot be trusted or understood; the words say which."""

    status = 400
    words = Words(
        "launch-rejected",
        N_("Your course opened Good Turn in a way that could not be checked."),
        N_("Go back to your course and click the link again."),
    )


class PlatformUnreachable(ToolError):
    """The LMS could not be asked: no answer, a cut one, or an unreadable one."""

    status = 503
    words = Words(
        "platform-unreachable",
        N_("The learning platform does not answer at the moment."),
        N_("Wait a minute and click the link in your course again."),
    )

    def __init__(self, reason: str | Words = "", *, retry_after: int | None = None) -> None:
        """`reason` is one of `lti.troubles`; its code is kept."""
        super().__init__()
        self.reason = reason.code if isinstance(reason, Words) else reason
        self.retry_after = retry_after

    @property
    def may_pass(self) -> bool:
        """Whether the same question may well be answered a moment later."""
        return True


class PlatformRefused(PlatformUnreachable):
    """The LMS answered and said no; `http_status` says how."""

    def __init__(
        self, http_status: int, reason: str | Words = "", retry_after: int | None = None
    ) -> None:
        super().__init__(reason, retry_after=retry_after)
        self.http_status = http_status

    @property
    def may_pass(self) -> bool:
        """A platform that is busy or broken answers again; one that refuses does not."""
        return self.http_status == 429 or self.http_status >= 500
