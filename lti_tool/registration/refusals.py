"""Why a registration came to nothing, in words for the administrator. Each is in docs/errors.md."""

from lti_tool.errors import N_, Words
from lti_tool.registration.rules import Flaw

BEGIN_AGAIN = N_(
    "The invitation is still open. Mend it, and begin again in the learning platform: what it "
    "sends along serves once."
)
BY_HAND = N_(
    "The invitation is still open. If it stays so, open its address in a browser and register by "
    "hand."
)

INVITE_UNKNOWN = Words(
    "invitation-unknown",
    N_("This is not the address of an invitation."),
    N_("Check that it was copied whole, or ask whoever runs Good Turn for a new one."),
)
INVITE_EXPIRED = Words(
    "invitation-expired",
    N_("This invitation was open for seven days, which are over."),
    N_("Ask whoever runs Good Turn for a new one."),
)
BUSY = Words(
    "registration-busy",
    N_("Somebody is registering with this invitation at this very moment."),
    N_("Wait a minute, then open the invitation's address and look how it stands."),
)
ALREADY_SENT = Words(
    "registration-sent",
    N_("This very registration has been sent to the learning platform before."),
    N_(
        "Look in the list of tools there: delete a “Good Turn” that was made without your seeing "
        "it finished, and begin again. The invitation is still open."
    ),
)
NOT_HTTPS = Words(
    "registration-not-https",
    N_("The learning platform named an address that is not https."),
    BEGIN_AGAIN,
)
PRIVATE = Words(
    "registration-private",
    N_("The learning platform's address leads into a private network."),
    N_(
        "If the platform is on your own network, whoever runs Good Turn may allow such addresses "
        "by a setting. The invitation is still open."
    ),
)
UNREACHABLE = Words(
    "registration-unreachable",
    N_("Good Turn's server got no answer from the learning platform."),
    N_(
        "The platform must be reachable from the internet, with a certificate that is trusted. "
        "The invitation is still open: begin again."
    ),
)
CONFIGURATION_REFUSED = Words(
    "configuration-refused",
    N_("The learning platform did not let Good Turn read how it is set up."),
    BEGIN_AGAIN,
)
UNREADABLE = Words(
    "configuration-unreadable",
    N_("What the learning platform says about itself cannot be read."),
    BY_HAND,
)
INCOMPLETE = Words(
    "configuration-incomplete",
    N_("The learning platform leaves out something about itself, or says it in a wrong form."),
    BY_HAND,
)
ISSUER = Words(
    "configuration-issuer",
    N_("The learning platform speaks for another site than its own."),
    N_(
        "If you run Canvas yourself, set its own issuer, or register by hand at the invitation's "
        "address. The invitation is still open."
    ),
)
ELSEWHERE = Words(
    "configuration-elsewhere",
    N_("The learning platform names an address that belongs to another site."),
    BY_HAND,
)
KEYS_UNREADABLE = Words(
    "registration-keys",
    N_("There are no public keys at the learning platform's key address."),
    BY_HAND,
)
TOKEN_OVER = Words(
    "registration-token",
    N_("The learning platform does not accept this registration any more."),
    N_(
        "Its permission lasts an hour and serves once. The invitation is still open: begin again "
        "in the platform."
    ),
)
REFUSED = Words(
    "registration-refused",
    N_("The learning platform refused to register Good Turn."),
    BY_HAND,
)
OUTCOME_UNKNOWN = Words(
    "registration-outcome-unknown",
    N_("The learning platform may have registered Good Turn, but its answer did not arrive."),
    N_(
        "Look in its list of tools: if there is a new “Good Turn”, delete it, for it cannot be "
        "used. Then begin again; the invitation is still open."
    ),
)
KNOWN = Words(
    "registration-known",
    N_("This client id of this learning platform is registered already; nothing was changed."),
    N_("Use the registration that is there, or make a new tool in the platform."),
)

OF_FLAW = {
    Flaw.UNREADABLE: UNREADABLE,
    Flaw.INCOMPLETE: INCOMPLETE,
    Flaw.ISSUER: ISSUER,
    Flaw.ELSEWHERE: ELSEWHERE,
}
