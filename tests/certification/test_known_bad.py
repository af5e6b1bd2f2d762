"""1EdTech's certification: what a platform may never get away with (LTI 1.3 Certification Guide).

Each refusal is a page with a code; no visit begins, and the login can still be used rightly.
"""

import pytest

from lti_tool.lti import claims as c
from tests.door import as_json, code_of, is_refused

HOUR = 3600


def without(*names):
    return lambda door: {k: v for k, v in door.claims().items() if k not in names}


def changed(name, value):
    return lambda door: door.claims() | {name: value}


def moved(**seconds):
    """Times moved by so many seconds from when the platform issues the token."""

    def change(door):
        claims = door.claims()
        return claims | {name: claims["iat"] + by for name, by in seconds.items()}

    return change


def signed(**how):
    return lambda door: door.sign(door.claims(), **how)


BAD_PAYLOADS = [
    pytest.param(signed(kid=None), "key-unknown", id="no key id"),
    pytest.param(signed(kid="imstester_66067"), "key-unknown", id="a key id nobody publishes"),
    pytest.param(lambda d: flipped(d), "signature-bad", id="a signature that does not hold"),
    pytest.param(signed(alg="none"), "token-unreadable", id="alg none, without a signature"),
    pytest.param(signed(alg="HS256"), "signature-bad", id="HS256 with the public key"),
    pytest.param(signed(alg="RS384"), "signature-bad", id="RS384"),
    pytest.param(lambda d: d.sign({"name": "badltilaunch"}), "issuer-unknown", id="no LTI token"),
    pytest.param(lambda d: d.sign(b"[1]"), "token-unreadable", id="claims that are no object"),
    pytest.param(lambda d: "nothing.of.that", "token-unreadable", id="not a token at all"),
    pytest.param(changed(c.VERSION, "11.3"), "version-bad", id="version 11.3"),
    pytest.param(without(c.VERSION), "claim-missing", id="no version"),
    pytest.param(without(c.MESSAGE_TYPE), "claim-missing", id="no message type"),
    pytest.param(changed(c.MESSAGE_TYPE, "Unheard"), "message-unknown", id="unknown message"),
    pytest.param(
        changed(c.MESSAGE_TYPE, "LtiSubmissionReviewRequest"), "message-unknown", id="review"
    ),
    pytest.param(
        changed(c.MESSAGE_TYPE, "LtiDeepLinkingRequest"),
        "claim-missing",
        id="deep linking without its settings",
    ),
    pytest.param(without(c.DEPLOYMENT_ID), "claim-missing", id="no deployment"),
    pytest.param(changed(c.DEPLOYMENT_ID, "another"), "deployment-unknown", id="other deployment"),
    pytest.param(without(c.RESOURCE_LINK), "claim-missing", id="no resource link"),
    pytest.param(changed(c.RESOURCE_LINK, {"title": "x"}), "claim-missing", id="link without id"),
    pytest.param(without(c.ROLES), "claim-missing", id="no roles claim"),
    pytest.param(without(c.TARGET_LINK_URI), "claim-missing", id="no target link"),
    pytest.param(
        changed(c.TARGET_LINK_URI, "https://evil.example/launch"), "target-foreign", id="target"
    ),
    pytest.param(changed("sub", ""), "claim-bad", id="an empty sub"),
    pytest.param(without("nonce"), "claim-missing", id="no nonce"),
    pytest.param(changed("nonce", "another"), "nonce-bad", id="a nonce of another login"),
    pytest.param(without("iss"), "issuer-unknown", id="no issuer"),
    pytest.param(changed("iss", "https://other.example"), "issuer-unknown", id="other issuer"),
    pytest.param(without("aud", "azp"), "audience-unknown", id="no audience"),
    pytest.param(changed("aud", "another-tool"), "audience-unknown", id="for another tool"),
    pytest.param(changed("aud", []), "audience-unknown", id="for nobody"),
    pytest.param(changed("azp", "another-tool"), "audience-unknown", id="azp of another tool"),
    pytest.param(
        lambda d: without("azp")(d) | {"aud": ["good-turn", "another"]},
        "audience-unknown",
        id="several audiences, and nobody presents it",
    ),
    pytest.param(without("exp"), "claim-missing", id="no exp"),
    pytest.param(without("iat"), "claim-missing", id="no iat"),
    pytest.param(
        lambda d: d.claims() | {"iat": 11111, "exp": 22222}, "launch-too-old", id="nonsense times"
    ),
    pytest.param(moved(exp=-300, iat=-360), "launch-too-old", id="expired"),
    pytest.param(moved(iat=300, exp=360), "launch-too-old", id="from the future"),
    pytest.param(moved(nbf=300), "launch-too-old", id="not yet good"),
    pytest.param(moved(exp=366 * 24 * HOUR), "launch-too-old", id="good for a year"),
    pytest.param(moved(iat=-24 * HOUR), "launch-too-old", id="issued yesterday"),
    pytest.param(
        lambda d: d.sign(as_json(d.claims())[:-1] + b', "sub": "1"}'),
        "token-unreadable",
        id="a claim twice",
    ),
    pytest.param(lambda d: changed("pad", "x" * 70_000)(d), "token-unreadable", id="oversize"),
]


def flipped(door):
    """The platform's own token with one bit of its signature turned."""
    head, _, signature = door.sign(door.claims()).rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


@pytest.mark.parametrize(("bad", "code"), BAD_PAYLOADS)
def test_a_bad_payload_is_refused_with_its_code(door, bad, code):
    before = door.rows()
    made = bad(door)

    answer = door.knock(token=made) if isinstance(made, str) else door.knock(made)

    assert is_refused(answer), answer.text
    assert code_of(answer) == code
    assert door.rows() == before


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"id_token": None}, "token-missing", id="no token"),
        pytest.param({"id_token": ""}, "token-missing", id="an empty token"),
        pytest.param({"state": None}, "state-unknown", id="no state"),
        pytest.param({"state": "state-invented"}, "state-unknown", id="an invented state"),
        pytest.param({"error": "login_required"}, "platform-said-no", id="the platform said no"),
        pytest.param({"error": "x", "id_token": None}, "platform-said-no", id="only an error"),
    ],
)
def test_a_bad_form_is_refused_with_its_code(door, fields, code):
    before = door.rows()

    answer = door.knock(door.claims(), **fields)

    assert is_refused(answer), answer.text
    assert code_of(answer) == code
    assert door.rows() == before


def test_after_all_that_an_honest_launch_still_gets_in(door):
    door.knock(door.claims() | {"nonce": "another"})

    answer = door.knock(door.claims())

    door.login()
    assert answer.status_code == 303
