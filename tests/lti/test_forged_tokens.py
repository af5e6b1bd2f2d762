"""Forged tokens: none is believed, and no address that an attacker names is ever called."""

import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from lti_tool.lti import token
from lti_tool.practice.keys import encoded
from tests.door import code_of, is_refused


@pytest.fixture(scope="session")
def attacker():
    """A key pair of nobody's platform."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def small_key():
    """A key pair that is too small to be trusted."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


def put_together(door, header, sign, claims=None):
    """A token with any header, signed in any way."""
    header = {"typ": "JWT", "kid": door.site.keys.current.kid, "alg": "RS256"} | header
    head = {name: value for name, value in header.items() if value is not None}
    body = json.dumps(claims or door.claims()).encode()
    signed = encoded(json.dumps(head).encode()) + b"." + encoded(body)
    return (signed + b"." + encoded(sign(signed))).decode()


def by_rsa(key, digest=hashes.SHA256, pad=None):
    return lambda signed: key.sign(signed, pad or padding.PKCS1v15(), digest())


def platform_key(door):
    return door.site.keys.private(door.site.keys.current)


def jwk_of(key, **more):
    numbers = key.public_key().public_numbers()
    as_text = {
        name: encoded(n.to_bytes(-(-n.bit_length() // 8), "big")).decode()
        for name, n in (("n", numbers.n), ("e", numbers.e))
    }
    return {"kty": "RSA", "use": "sig", "alg": "RS256", **as_text, **more}


def refused(door, token):
    before = door.rows()
    answer = door.knock(token=token)
    return is_refused(answer) and door.rows() == before


def test_the_platforms_own_token_is_taken(door):
    token = put_together(door, {}, by_rsa(platform_key(door)))

    answer = door.knock(token=token)

    door.login()
    assert answer.status_code == 303, code_of(answer)


def test_no_flip_of_one_bit_of_the_signature_is_taken(one_door):
    head, _, text = one_door.sign(one_door.claims()).rpartition(".")
    signature = base64.urlsafe_b64decode(text + "==")
    flips = [
        signature[:byte] + bytes([signature[byte] ^ 1 << bit]) + signature[byte + 1 :]
        for byte in range(len(signature))
        for bit in range(8)
    ]

    answers = [one_door.knock(token=f"{head}.{encoded(flip).decode()}") for flip in flips]

    assert len(flips) == 2048
    assert {code_of(answer) for answer in answers} == {"signature-bad"}
    assert all(map(is_refused, answers))


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def respellings(token):
    """Other texts that a careless decoder reads as the same bytes."""
    parts = token.split(".")
    for place, part in enumerate(parts):
        spare = {0: 0, 2: 4, 3: 2}[len(part) % 4]
        last = ALPHABET.index(part[-1])
        others = [ALPHABET[last ^ bits] for bits in range(1, 1 << spare)]
        spelt = [part[:-1] + other for other in others]
        spelt += [part + tail for tail in ("=", "==", "===", "\n", "\r\n", " ", "\t", "\0", "A===")]
        spelt += [head + part for head in (" ", "\n", "\ufeff", "=")]
        spelt += [part[:9] + middle + part[9:] for middle in (" ", "\n", "=", "%20", "\u200b")]
        spelt += [part.translate({45: "+", 95: "/"})] if set("-_") & set(part) else []
        for text in spelt:
            yield ".".join([*parts[:place], text, *parts[place + 1 :]])


@pytest.mark.parametrize("turn", range(8))
def test_no_other_spelling_of_a_good_token_is_taken(one_door, turn):
    token = one_door.sign(one_door.claims() | {"pad": "x" * turn})

    answers = [one_door.knock(token=other) for other in respellings(token)]

    assert len(answers) > 54
    assert all(map(is_refused, answers))


NONES = sorted(
    {
        "".join(
            letter.upper() if turn >> place & 1 else letter for place, letter in enumerate("none")
        )
        for turn in range(16)
    }
)


@pytest.mark.parametrize("alg", [*NONES, "", " none", "none ", "null", "NONE\0", None])
@pytest.mark.parametrize("signature", ["none", "the platform's", "empty"])
def test_a_token_without_a_signature_is_not_taken(one_door, alg, signature):
    sign = {
        "none": lambda _signed: b"",
        "the platform's": by_rsa(platform_key(one_door)),
        "empty": lambda _signed: b"\0",
    }[signature]

    assert refused(one_door, put_together(one_door, {"alg": alg}, sign))


def spellings(key):
    """Every text in which somebody may have the public key at hand."""
    public = key.public_key()
    formats = [
        (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        (serialization.Encoding.PEM, serialization.PublicFormat.PKCS1),
        (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        (serialization.Encoding.DER, serialization.PublicFormat.PKCS1),
    ]
    texts = [public.public_bytes(*chosen) for chosen in formats]
    texts += [text.rstrip(b"\n") for text in texts[:2]]
    jwk = jwk_of(key)
    texts += [json.dumps(jwk).encode(), json.dumps(jwk, separators=(",", ":")).encode()]
    texts += [jwk["n"].encode(), base64.urlsafe_b64decode(jwk["n"] + "=="), b"", b"AQAB"]
    return texts


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512", "hs256", "RS256"])
def test_the_public_key_is_no_secret_to_sign_with(door, alg):
    digest = {"384": hashlib.sha384, "512": hashlib.sha512}.get(alg[2:], hashlib.sha256)

    tokens = [
        put_together(
            door, {"alg": alg}, lambda signed, s=secret: hmac.new(s, signed, digest).digest()
        )
        for secret in spellings(platform_key(door))
    ]

    assert len(tokens) == 12
    assert all(refused(door, token) for token in tokens)


SWAPS = {
    "RS384": (hashes.SHA384, None),
    "RS512": (hashes.SHA512, None),
    "PS256": (hashes.SHA256, padding.PSS(padding.MGF1(hashes.SHA256()), 32)),
    "PS384": (hashes.SHA384, padding.PSS(padding.MGF1(hashes.SHA384()), 48)),
    "PS512": (hashes.SHA512, padding.PSS(padding.MGF1(hashes.SHA512()), 64)),
}


@pytest.mark.parametrize("alg", SWAPS)
@pytest.mark.parametrize("says", ["the truth", "RS256"])
def test_another_rsa_algorithm_is_not_taken(one_door, alg, says):
    sign = by_rsa(platform_key(one_door), *SWAPS[alg])

    token = put_together(one_door, {"alg": alg if says == "the truth" else "RS256"}, sign)

    assert refused(one_door, token)


@pytest.mark.parametrize("says", ["ES256", "ES384", "ES256K", "EdDSA", "RS256"])
def test_an_elliptic_signature_is_not_taken(one_door, says):
    key = ec.generate_private_key(ec.SECP256R1())

    token = put_together(
        one_door, {"alg": says}, lambda signed: key.sign(signed, ec.ECDSA(hashes.SHA256()))
    )

    assert refused(one_door, token)


KIDS = {
    "a path": "../../../../../../dev/null",
    "a file": "file:///dev/null",
    "a query": "x' UNION SELECT 'AA' --",
    "a statement": "x'; DROP TABLE visit; --",
    "a command": "key|id",
    "a template": "{{ 7*7 }}",
    "huge": "k" * 40_000,
    "empty": "",
    "a number": 0,
    "true": True,
    "a list": ["current"],
    "an object": {"kid": "current"},
    "NUL": "current\0",
    "unknown": "unknown",
}


@pytest.mark.parametrize("kid", [pytest.param(kid, id=name) for name, kid in KIDS.items()])
@pytest.mark.parametrize("signer", ["the platform", "an attacker", "an empty secret"])
def test_a_key_id_chooses_no_key_but_the_platforms(one_door, attacker, kid, signer):
    sign = {
        "the platform": by_rsa(platform_key(one_door)),
        "an attacker": by_rsa(attacker),
        "an empty secret": lambda signed: hmac.new(b"", signed, hashlib.sha256).digest(),
    }[signer]

    assert refused(one_door, put_together(one_door, {"kid": kid}, sign))


def attackers_headers(url, key):
    """Every header that says where the key to check with is."""
    jwk = jwk_of(key, kid="mine")
    yield from ({name: f"{url}/{name}"} for name in ("jku", "x5u", "iss", "jwks_uri"))
    yield from ({name: jwk} for name in ("jwk", "key", "epk"))
    yield {"x5c": [base64.b64encode(b"certificate").decode()]}
    yield {"x5t": "AAAA", "x5t#S256": "AAAA"}
    yield {"kid": f"{url}/kid"}
    yield {"kid": "mine", "jku": f"{url}/jku", "jwk": jwk}
    yield {"crit": ["jku"], "jku": f"{url}/crit"}
    yield {"crit": [], "jwk": jwk}
    yield {"crit": ["b64"], "b64": False}
    yield {"crit": ["http://openbadges.org/"], "http://openbadges.org/": "x"}
    yield {"crit": "jku"}
    yield {"cty": "JWT", "jku": f"{url}/cty"}


def test_a_key_that_comes_with_the_token_is_never_used(one_door, attacker, canary):
    headers = list(attackers_headers(canary.url, attacker))

    tokens = [put_together(one_door, header, by_rsa(attacker)) for header in headers]

    assert len(tokens) == 17
    assert all(refused(one_door, token) for token in tokens)
    assert canary.calls == []


@pytest.mark.parametrize("name", ["crit", "jku", "x5u", "x5c", "jwk", "zip", "b64"])
def test_a_dangerous_header_is_refused_even_in_the_platforms_own_hand(one_door, canary, name):
    header = {name: {"crit": ["exp"], "b64": False}.get(name, f"{canary.url}/{name}")}

    token = put_together(one_door, header, by_rsa(platform_key(one_door)))

    assert refused(one_door, token)
    assert canary.calls == []


def test_a_key_in_the_claims_calls_nobody_either(one_door, attacker, canary):
    claims = one_door.claims() | {"iss": canary.url, "jwks_uri": f"{canary.url}/keys"}

    tokens = [
        put_together(one_door, {}, by_rsa(key), claims)
        for key in (attacker, platform_key(one_door))
    ]

    assert all(refused(one_door, token) for token in tokens)
    assert canary.calls == []


def shapes(door):
    """A good token in every other serialisation than the compact one (RFC 7515 §7)."""
    good = door.sign(door.claims())
    head, body, signature = good.split(".")
    flat = {"payload": body, "protected": head, "signature": signature}
    general = {"payload": body, "signatures": [{"protected": head, "signature": signature}]}
    yield from (json.dumps(flat), json.dumps(general))
    yield json.dumps(general | {"signatures": general["signatures"] * 2})
    yield f"{good}.{signature}"
    yield f"{good}{signature}"
    yield f"{good}.{good}"
    yield f"{good},{good}"
    yield f"{head}..{signature}"
    yield f"{head}.{body}."
    yield f"{head}.{body}"
    yield f".{body}.{signature}"
    yield f"{head}.{body}.{signature}.."
    yield f"{signature}.{body}.{head}"
    yield f"{head}.{body}.{head}.{body}.{signature}"
    yield f"Bearer {good}"
    yield encoded(good.encode()).decode()


def test_a_token_of_another_shape_is_not_taken(one_door):
    answers = [one_door.knock(token=shape) for shape in shapes(one_door)]

    assert len(answers) == 16
    assert all(map(is_refused, answers))
    assert {code_of(answer) for answer in answers} == {"token-unreadable", "signature-bad"}


def test_a_token_signed_by_another_platform_is_not_taken(doors):
    moodle, canvas = doors["moodle"], doors["canvas"]
    kid = moodle.site.keys.current.kid

    forged = put_together(moodle, {"kid": kid}, by_rsa(platform_key(canvas)))
    foreign = canvas.sign(moodle.claims())

    assert refused(moodle, forged)
    assert refused(moodle, foreign)


def test_parts_of_two_good_tokens_make_no_third(one_door):
    ana, ivy = one_door.claims(), one_door.claims(one_door.course.ivy)
    one, other = (one_door.sign(claims).split(".") for claims in (ana, ivy))

    assert refused(one_door, ".".join((one[0], other[1], one[2])))
    assert refused(one_door, ".".join((other[0], one[1], other[2])))


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_only_keys_of_a_fit_kind_and_size_are_taken_from_a_key_set(attacker, small_key):
    good, private = jwk_of(attacker, kid="good"), encoded(b"secret").decode()
    curve = {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "curve"}
    found = token.usable_keys(
        {
            "keys": [
                good,
                jwk_of(small_key, kid="small"),
                curve,
                {"kty": "oct", "k": "AAAA", "kid": "shared"},
                good | {"kid": "for encryption", "use": "enc"},
                good | {"kid": "another algorithm", "alg": "RS512"},
                good | {"kid": "a private one", "d": private},
                good | {"kid": "even", "e": "AA"},
                good | {"kid": "no number", "n": "!"},
                good | {"kid": 7},
                "text",
                None,
                [],
            ]
        }
    )

    assert list(found) == ["good"]


def test_the_first_of_two_keys_with_one_id_counts(attacker, one_door):
    ours, theirs = jwk_of(platform_key(one_door), kid="k"), jwk_of(attacker, kid="k")

    found = token.usable_keys({"keys": [ours, theirs]})

    assert found["k"].as_dict(private=False)["n"] == ours["n"]
