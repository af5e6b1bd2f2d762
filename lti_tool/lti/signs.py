"""The other half of the findings: what launches that never came, and our own pages, tell.

Moodle and Canvas keep some mistakes to themselves; then a login that never comes back is the only
sign. Pure, as lti/findings.py is.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from lti_tool.errors import N_
from lti_tool.lti.findings import ENOUGH_LOGINS, Finding, Level, Logins, host_of
from lti_tool.lti.rules import origin_of

LOST = N_("%(count)s logins began in the last day and none came back: the platform refused them.")
LOST_SOME = N_("%(count)s logins of the last day never came back, %(completed)s did.")
LOST_ADVICE = N_(
    "Most likely the redirect address %(launch_url)s is not entered exactly (Moodle: Redirection "
    "URI(s); Canvas: Redirect URIs), or the tool is still Pending (Moodle: Activate) or its key is "
    "off (Canvas: State ON)."
)
LOST_SOME_ADVICE = N_("People who are not enrolled, or not signed in, are stopped by the platform.")


def logins(counted: Logins, launch_url: str, *, is_new: bool) -> Finding:
    """Whether logins come back as launches."""
    refused = sum(counted.refused.values())
    facts = {"count": counted.lost, "completed": counted.completed, "launch_url": launch_url}
    if counted.lost and not counted.completed and not refused:
        level = Level.BAD if counted.lost >= ENOUGH_LOGINS or is_new else Level.WARN
        return Finding("logins", level, LOST, LOST_ADVICE, facts)
    if counted.lost > counted.completed + refused:
        return Finding("logins", Level.WARN, LOST_SOME, LOST_SOME_ADVICE, facts)
    if not counted.completed and not refused and is_new:
        cause = N_("Nobody launched a course yet.")
        return Finding("logins", Level.WARN, cause, NOT_YET, facts)
    return Finding("logins", Level.OK, N_("%(completed)s launches in the last day."), "", facts)


NOT_YET = N_(
    "Open the tool from a course. If nothing arrives here, the tool's login address in the "
    "platform is wrong, or the tool is still Pending (Moodle: Activate)."
)


def refusals(counted: Logins) -> Finding:
    """Why launches were refused in the last day, the most frequent reason first."""
    known = [(number, code) for code, number in counted.refused.items() if code in ADVICE]
    if not known:
        others = sum(counted.refused.values())
        cause = N_("%(count)s launches were refused in the last day, none for the set-up.")
        return Finding("launches", Level.OK, cause, "", {"count": others})
    number, code = max(known)
    cause, advice = ADVICE[code]
    facts = {"count": number, "code": code}
    return Finding("launches", Level.BAD, cause, advice, facts)


ADVICE = {
    "audience-unknown": (
        N_("%(code)s: %(count)s launches in the last day were meant for another client id."),
        N_(
            "The activity has a consumer key filled in (Moodle: empty it), or the client id here "
            "is not the platform's: lti-tool platform relink ID --client-id …."
        ),
    ),
    "issuer-unknown": (
        N_("%(code)s: %(count)s launches in the last day named another issuer."),
        N_("Compare the platform's issuer (Moodle: Platform ID): lti-tool platform relink."),
    ),
    "deployment-unknown": (
        N_("%(code)s: %(count)s launches in the last day came from another deployment."),
        N_(
            "If the tool was installed a second time on purpose, allow it: lti-tool platform "
            "relink ID --deployment-id …, once for each."
        ),
    ),
    "platform-said-no": (
        N_("%(code)s: the platform itself stopped %(count)s launches in the last day."),
        N_("People were not signed in there, or its cookies are blocked in the frame."),
    ),
    "platform-unreachable": (
        N_("%(code)s: %(count)s launches in the last day waited in vain for the platform's keys."),
        N_("See the line about keys."),
    ),
    "target-foreign": (
        N_("%(code)s: %(count)s launches in the last day led to another address than this one."),
        N_("Compare the tool's address in the platform with the launch address."),
    ),
    "key-unknown": (
        N_("%(code)s: %(count)s launches in the last day were signed with an unknown key."),
        N_("See the line about keys."),
    ),
    "signature-bad": (
        N_("%(code)s: %(count)s launches in the last day were not signed by the platform's key."),
        N_("See the line about keys."),
    ),
    "launch-too-old": (
        N_("%(code)s: %(count)s launches in the last day were too old, or from the future."),
        N_("See the line about clocks."),
    ),
}
"""Refusals that an administrator can mend; the others are people's, and pass."""


def frame(
    *, public_url: str, platform: str, status: int | str, headers: Sequence[tuple[str, str]]
) -> Finding:
    """Whether a page of ours opens in the platform's frame. `status` is a trouble when there was
    no answer, and `headers` are those of the answer."""
    facts = {"host": host_of(public_url), "platform": origin_of(platform), "why": status}
    loopback = host_of(public_url) in ("localhost", "127.0.0.1", "::1")
    if urlsplit(public_url).scheme != "https" and not loopback:
        cause = N_("PUBLIC_URL is not https: browsers open no such page in a course.")
        return Finding("frame", Level.BAD, cause, N_("Put a server with TLS in front."), facts)
    if status != 200:
        cause = N_("Our own address %(host)s does not answer from here: %(why)s.")
        return Finding("frame", Level.WARN, cause, OWN_ADVICE, facts)
    told = {name.lower(): value for name, value in headers}
    policy = told.get("content-security-policy", "")
    if "x-frame-options" in told or not _may_frame(policy, str(facts["platform"])):
        cause = N_("Our pages say that %(platform)s may not show them in a frame.")
        return Finding("frame", Level.BAD, cause, FRAME_ADVICE, facts)
    return Finding("frame", Level.OK, N_("%(platform)s may frame our pages."), "", facts)


OWN_ADVICE = N_("Look whether PUBLIC_URL is right and the web server runs; a firewall may hide it.")
FRAME_ADVICE = N_(
    "The proxy in front of Good Turn adds X-Frame-Options or a Content-Security-Policy of its own: "
    "take them out. If the platform shows courses at another address: "
    "lti-tool platform frame-origin ID --add …."
)


def _may_frame(policy: str, platform: str) -> bool:
    """Every `frame-ancestors` must allow it: where there are several policies, all hold."""
    lists = [
        part.split()[1:]
        for part in policy.replace(",", ";").split(";")
        if part.split()[:1] == ["frame-ancestors"]
    ]
    return bool(lists) and all(platform in allowed or "https:" in allowed for allowed in lists)
