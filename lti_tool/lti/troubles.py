"""What can go wrong when a platform is asked for something, in words for staff and administrators.

The list is closed: whatever a platform does ends in one of these. Rows keep the code, pages and
commands say the words. Each code is in docs/errors.md.
"""

from lti_tool.errors import N_, Words

BY_ITSELF = N_("It is tried again by itself. If it stays, tell your administrator the code.")
ASK_ADMIN = N_("Ask the administrator of your learning platform, and tell them the code.")

ADDRESS_BAD = Words(
    "address-bad",
    N_("The learning platform's address is malformed, or does not begin with https."),
    ASK_ADMIN,
)
ADDRESS_PRIVATE = Words(
    "address-private",
    N_("The learning platform's address is one that Good Turn may not call."),
    ASK_ADMIN,
)
NAME_UNKNOWN = Words(
    "name-unknown",
    N_("The learning platform's address leads nowhere at the moment."),
    BY_ITSELF,
)
NO_ANSWER = Words(
    "no-answer",
    N_("The learning platform does not answer."),
    BY_ITSELF,
)
TOO_SLOW = Words(
    "too-slow",
    N_("The learning platform takes too long to answer."),
    BY_ITSELF,
)
CERTIFICATE_BAD = Words(
    "certificate-bad",
    N_("The learning platform's certificate cannot be trusted."),
    ASK_ADMIN,
)
ANSWER_CUT = Words(
    "answer-cut",
    N_("The learning platform's answer broke off in the middle."),
    BY_ITSELF,
)
ANSWER_TOO_LARGE = Words(
    "answer-too-large",
    N_("The learning platform's answer is larger than any such answer can be."),
    ASK_ADMIN,
)
ANSWER_UNREADABLE = Words(
    "answer-unreadable",
    N_("Instead of an answer the learning platform sends a page, or nothing."),
    N_("Often a sign-in page or a firewall is in the way: ask your administrator."),
)
ANSWER_ODD = Words(
    "answer-odd",
    N_("The learning platform's answer is not what was asked for."),
    BY_ITSELF,
)
REDIRECTED = Words(
    "redirected",
    N_("The learning platform sends Good Turn elsewhere, and it does not go there."),
    N_("Ask your administrator to compare the platform's addresses; perhaps it has moved."),
)
OTHER_SITE = Words(
    "other-site",
    N_("The learning platform's answer leads to another site."),
    ASK_ADMIN,
)
OTHER_COURSE = Words(
    "other-course",
    N_("The learning platform answers for another course."),
    N_("Open Good Turn from this course again; if it stays, ask your administrator."),
)
PAGES_ENDLESS = Words(
    "pages-endless",
    N_("The list of people has no end."),
    ASK_ADMIN,
)
PAGES_REPEAT = Words(
    "pages-repeat",
    N_("A part of the list of people came twice, so another part may be missing."),
    BY_ITSELF,
)
ROSTER_EMPTY = Words(
    "roster-empty",
    N_("The learning platform lists nobody in this course."),
    N_("Nobody was removed. Look whether people are enrolled; it is tried again by itself."),
)
THROTTLED = Words(
    "throttled",
    N_("The learning platform asks Good Turn to slow down."),
    N_("It is tried again by itself, after as long as the platform asked for."),
)
PLATFORM_BROKEN = Words(
    "platform-broken",
    N_("The learning platform reports an error of its own."),
    BY_ITSELF,
)
NO_TOKEN = Words(
    "no-token",
    N_("The learning platform gives Good Turn no access: it does not know its name or its key."),
    N_("Ask your administrator to compare the client id, and the address of Good Turn's keys."),
)
TOKEN_REFUSED = Words(
    "token-refused",
    N_("The learning platform does not accept the access that it gave Good Turn."),
    N_("Perhaps Good Turn was removed from this course: add it again, or ask your administrator."),
)
SWITCHED_OFF = Words(
    "switched-off",
    N_("This service is switched off for Good Turn in the learning platform."),
    N_("An administrator can switch it on in the platform's settings of Good Turn."),
)
NOT_THERE = Words(
    "not-there",
    N_("The learning platform has nothing at this address any more."),
    N_("Open Good Turn from the course again; if it stays, ask your administrator."),
)
PLATFORM_REFUSED = Words(
    "platform-refused",
    N_("The learning platform says no."),
    ASK_ADMIN,
)
CONCLUDED = Words(
    "course-concluded",
    N_("The course has ended in the learning platform, and takes no scores any more."),
    N_("Nothing: the scores that are there stay."),
)
NO_USABLE_KEY = Words(
    "no-usable-key",
    N_("The learning platform publishes no key that launches could be checked with."),
    ASK_ADMIN,
)
KEYS_WAIT = Words(
    "keys-wait",
    N_("The learning platform was just asked for its keys, in vain."),
    BY_ITSELF,
)
COLUMN_DELETED = Words(
    "column-deleted",
    N_("Somebody deleted the column in the gradebook."),
    N_("Save the credit settings again to have a new one."),
)
SCORE_NOT_SHOWN = Words(
    "score-not-shown",
    N_("The gradebook does not show the last score yet."),
    BY_ITSELF,
)
GRADE_CHANGED = Words(
    "grade-changed",
    N_("A teacher changed the grade in the gradebook."),
    N_("Nothing: it is left as it is."),
)
UNCLEAR = Words(
    "unclear",
    N_("Something went wrong between Good Turn and the learning platform."),
    BY_ITSELF,
)
EVERY = {words.code: words for words in list(globals().values()) if isinstance(words, Words)}


def words_of(code: str) -> Words:
    """The words for a code that a row keeps."""
    return EVERY.get(code, UNCLEAR)


STATUSES = {
    401: TOKEN_REFUSED,
    403: SWITCHED_OFF,
    404: NOT_THERE,
    410: NOT_THERE,
    412: NOT_THERE,
    429: THROTTLED,
}


def of_status(status: int) -> Words:
    """What a platform means by a status that is no success."""
    if 300 <= status < 400:
        return REDIRECTED
    return STATUSES.get(status, PLATFORM_BROKEN if status >= 500 else PLATFORM_REFUSED)
