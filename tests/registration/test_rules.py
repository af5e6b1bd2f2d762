"""Which platform speaks for itself, and which for somebody else."""

import pytest

from lti_tool.lti import claims
from lti_tool.registration import rules
from lti_tool.registration.rules import Flaw, Unfit

KEYS = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")


def said(issuer, site, family="canvas", **changed):
    """A description whose addresses are all at `site`."""
    return (
        {"issuer": issuer}
        | {name: f"{site}/{name}" for name in KEYS}
        | {claims.PLATFORM_CONFIGURATION: {"product_family_code": family}}
        | changed
    )


def hosted(realm=""):
    return f"https://canvas.{realm}instructure.com"


@pytest.mark.parametrize(
    ("url", "realm"),
    [
        ("https://sso.canvaslms.com/api/lti/security/openid-configuration?token=t", ""),
        ("https://canvas.instructure.com/api/lti/security/openid-configuration", ""),
        ("https://school.instructure.com/api/lti/security/openid-configuration", ""),
        ("https://sso.beta.canvaslms.com/x", "beta."),
        ("https://school.beta.instructure.com/x", "beta."),
        ("https://sso.test.canvaslms.com/x", "test."),
    ],
)
def test_hosted_canvas_is_spread_over_its_known_hosts(url, realm):
    for site in (f"https://sso.{realm}canvaslms.com", hosted(realm)):
        platform = rules.platform_of(said(hosted(realm), site), url)
        assert (platform.kind, platform.issuer) == ("canvas", hosted(realm))


@pytest.mark.parametrize(
    ("issuer", "url", "family"),
    [
        (hosted(), "https://sso.canvaslms.com/x", "moodle"),
        (hosted(), "https://school.instructure.com/x", "other"),
        (hosted(), "https://sso.beta.canvaslms.com/x", "canvas"),
        (hosted("beta."), "https://sso.canvaslms.com/x", "canvas"),
        (hosted(), "https://school.beta.instructure.com/x", "canvas"),
        (hosted(), "http://sso.canvaslms.com/x", "canvas"),
        (hosted(), "https://sso.canvaslms.com:8443/x", "canvas"),
        (hosted(), "https://evil.canvaslms.com/x", "canvas"),
        (hosted(), "https://sso.canvaslms.com.evil.example/x", "canvas"),
        (hosted(), "https://evilinstructure.com/x", "canvas"),
        (hosted(), "https://a.b.instructure.com/x", "canvas"),
        (hosted(), "https://instructure.com/x", "canvas"),
        (hosted() + "/", "https://sso.canvaslms.com/x", "canvas"),
        (hosted(), "https://canvas.school.example/x", "canvas"),
        ("https://lms.example", "https://lms.example:8443/x", "moodle"),
        ("http://lms.example", "https://lms.example/x", "moodle"),
        ("https://lms.example", "https://www.lms.example/x", "moodle"),
    ],
)
def test_whoever_speaks_for_another_site_is_refused(issuer, url, family):
    with pytest.raises(Unfit) as caught:
        rules.platform_of(said(issuer, url.rpartition("/")[0], family), url)

    assert caught.value.flaw is Flaw.ISSUER


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize(
    ("issuer", "site", "elsewhere"),
    [
        (hosted(), "https://sso.canvaslms.com", "https://sso.beta.canvaslms.com/x"),
        (hosted(), "https://sso.canvaslms.com", "https://evil.example/x"),
        (hosted(), "https://sso.canvaslms.com", "http://sso.canvaslms.com/x"),
        ("https://lms.example", "https://lms.example", "https://sso.canvaslms.com/x"),
        ("https://lms.example", "https://lms.example", "http://lms.example/x"),
        ("https://lms.example", "https://lms.example", "https://lms.example.evil.example/x"),
    ],
)
def test_each_address_belongs_to_who_speaks(issuer, site, elsewhere, name):
    with pytest.raises(Unfit) as caught:
        rules.platform_of(said(issuer, site, **{name: elsewhere}), f"{site}/x")

    assert (caught.value.flaw, caught.value.where) == (Flaw.ELSEWHERE, name)


def test_a_moodle_in_a_folder_and_at_a_port_speaks_for_itself():
    site = "https://lms.example:8443/moodle"

    platform = rules.platform_of(said(site, site, "moodle"), f"{site}/mod/lti/openid.php")

    assert (platform.kind, platform.issuer) == ("moodle", site)


def test_only_what_the_platform_has_is_asked_for():
    offered = [claims.SCOPE_MEMBERS, "https://example.org/other"]
    about = {"product_family_code": "other", "messages_supported": [{"type": "LtiOther"}]}

    platform = rules.platform_of(
        said(
            "https://lms.example",
            "https://lms.example",
            scopes_supported=offered,
            **{claims.PLATFORM_CONFIGURATION: about},
        ),
        "https://lms.example/x",
    )

    assert platform.scopes == (claims.SCOPE_MEMBERS,)
    assert not platform.has_deep_linking


def test_what_a_moodle_tells_by_hand_is_enough():
    platform = rules.moodle("https://lms.example/moodle/")

    assert platform.issuer == "https://lms.example/moodle"
    assert platform.auth_url == "https://lms.example/moodle/mod/lti/auth.php"
    assert platform.token_url == "https://lms.example/moodle/mod/lti/token.php"
    assert platform.jwks_url == "https://lms.example/moodle/mod/lti/certs.php"
