"""Why a launch is refused, in words for the person in front of it. Each code is in docs/errors.md.

Nobody learns from these which check an attacker failed beyond what an administrator needs to
mend a set-up.
"""

from lti_tool.errors import N_, Words

AGAIN = N_("Go back to your course and click the link again.")
TELL_ADMIN = N_("Ask the administrator of your learning platform, and tell them the code below.")

UNKNOWN_REGISTRATION = Words(
    "registration-unknown",
    N_("This address belongs to no learning platform that Good Turn knows."),
    TELL_ADMIN,
)
UNFINISHED = Words(
    "registration-unfinished",
    N_("This learning platform has not been registered with Good Turn to the end."),
    N_("The administrator finishes it at the address that the invitation named."),
)
REGISTRATION_DISABLED = Words(
    "registration-disabled",
    N_("Good Turn has been switched off for this learning platform."),
    TELL_ADMIN,
)
LOGIN_INCOMPLETE = Words(
    "login-incomplete",
    N_("Your learning platform began the launch without saying who asks."),
    TELL_ADMIN,
)
ISSUER_UNKNOWN = Words(
    "issuer-unknown",
    N_("This address belongs to another learning platform than the one that used it."),
    TELL_ADMIN,
)
PLATFORM_SAID_NO = Words(
    "platform-said-no",
    N_("Your learning platform stopped the launch before it reached Good Turn."),
    N_(
        "Sign in to your learning platform again, allow its cookies, and click the link in your "
        "course once more."
    ),
)
TOKEN_MISSING = Words(
    "token-missing",
    N_("This page can only be reached from your course."),
    N_("Open your course and click Good Turn there."),
)
TOKEN_UNREADABLE = Words(
    "token-unreadable",
    N_("What your learning platform sent is not a launch that can be read."),
    TELL_ADMIN,
)
SIGNATURE_BAD = Words(
    "signature-bad",
    N_("The launch is not signed with a key of your learning platform."),
    TELL_ADMIN,
)
KEY_UNKNOWN = Words(
    "key-unknown",
    N_("The launch is signed with a key that your learning platform does not publish."),
    TELL_ADMIN,
)
AUDIENCE_UNKNOWN = Words(
    "audience-unknown",
    N_("The launch was meant for another tool, or the activity has a consumer key filled in."),
    TELL_ADMIN,
)
TOO_OLD = Words(
    "launch-too-old",
    N_("This launch is too old, or the clock of your learning platform is wrong."),
    N_("Click the link in your course again. If it stays, tell your administrator the code below."),
)
CLAIM_MISSING = Words(
    "claim-missing",
    N_("The launch lacks something that every launch must say."),
    TELL_ADMIN,
)
CLAIM_BAD = Words(
    "claim-bad",
    N_("The launch says something in a form that cannot be used."),
    TELL_ADMIN,
)
VERSION_BAD = Words(
    "version-bad",
    N_("Good Turn speaks LTI 1.3; the launch is of another version."),
    TELL_ADMIN,
)
MESSAGE_UNKNOWN = Words(
    "message-unknown",
    N_("Your learning platform asks for something that Good Turn does not do."),
    N_("Open Good Turn from the course page instead."),
)
TARGET_FOREIGN = Words(
    "target-foreign",
    N_("The launch leads to another site than this one."),
    TELL_ADMIN,
)
LINKS_UNWANTED = Words(
    "links-unwanted",
    N_("Your learning platform asks for content of a kind that Good Turn does not have."),
    N_("Add Good Turn to your course as an activity or a link."),
)
RETURN_FOREIGN = Words(
    "return-foreign",
    N_("What you choose would be sent to another site than your learning platform."),
    TELL_ADMIN,
)
DEPLOYMENT_UNKNOWN = Words(
    "deployment-unknown",
    N_("Good Turn is installed in a second place that has not been allowed yet."),
    TELL_ADMIN,
)
STATE_UNKNOWN = Words(
    "state-unknown",
    N_("This launch was begun too long ago, or not here."),
    AGAIN,
)
STATE_OTHER_BROWSER = Words(
    "state-other-browser",
    N_("This launch was begun in another browser."),
    AGAIN,
)
LAUNCH_USED = Words(
    "launch-used",
    N_("This launch has been used already; each opens Good Turn once."),
    AGAIN,
)
NONCE_BAD = Words(
    "nonce-bad",
    N_("The answer of your learning platform belongs to another launch."),
    AGAIN,
)
COOKIES_REFUSED = Words(
    "cookies-refused",
    N_("This browser keeps no cookie for Good Turn, not even in a tab of its own."),
    N_(
        "Allow cookies for this site in the browser's settings, then click the link in your course."
    ),
)
OPEN_EXPIRED = Words(
    "open-expired",
    N_("This button has been used, or waited too long."),
    AGAIN,
)
