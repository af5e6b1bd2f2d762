"""What may never be believed: values by claim, headers and forms, each bad whatever stands beside.

The listed battery uses the tables as they are; the generated one draws from them and goes on.
"""

from lti_tool.lti import claims as c

ABSENT = object()
HUGE = "x" * 5_000
DEEP = [[[[[[[[[[]]]]]]]]]]
ID_TOO_LONG = "i" * 256

NO_TEXT = {
    "null": None,
    "a number": 7,
    "true": True,
    "a list": ["x"],
    "an object": {"id": "x"},
    "deep": DEEP,
}
NO_OBJECT = {
    "a text": "x",
    "a number": 7,
    "true": True,
    "a list": [{"id": "x"}],
    "nested list": DEEP,
}
BAD_ID = {**NO_TEXT, "empty": "", "huge": HUGE, "one too long": ID_TOO_LONG, "NUL": "a\0b"}
BAD_ID["half a surrogate pair"] = "\ud800"
NO_TIME = {
    **{name: value for name, value in NO_TEXT.items() if name != "a number"},
    "absent": ABSENT,
    "text": "1700000000",
    "empty": "",
    "zero": 0,
    "negative": -1,
    "before the calendar": -62135596800,
    "the last second of the calendar": 253402300799,
    "beyond the calendar": 10**12,
    "huge": 10**400,
    "infinite": 1e999,
    "nonsense": 11111,
}
TIMES = ("exp", "iat", "nbf")

REQUIRED = {
    "iss": NO_TEXT | {"absent": ABSENT, "empty": "", "huge": HUGE, "foreign": "https://x.example"},
    "aud": {
        **NO_TEXT,
        "absent": ABSENT,
        "empty": "",
        "huge": HUGE,
        "foreign": "another-tool",
        "nobody": [],
        "a list of numbers": [7],
        "a list in a list": [["good-turn"]],
        "a list with null": ["good-turn", None],
        "in other letters": "Good-Turn",
        "with a space": "good-turn ",
    },
    "azp": {
        **NO_TEXT,
        "empty": "",
        "huge": HUGE,
        "foreign": "another-tool",
        "the right one in a list": ["good-turn"],
    },
    "nonce": NO_TEXT
    | {
        "absent": ABSENT,
        "empty": "",
        "huge": HUGE,
        "foreign": "another",
        "half a surrogate pair": "\ud800",
    },
    "sub": BAD_ID,
    c.VERSION: NO_TEXT
    | {
        "absent": ABSENT,
        "empty": "",
        "huge": HUGE,
        "1.1": "LTI-1p0",
        "11.3": "11.3",
        "1.3": "1.3",
        "a decimal": 1.3,
        "padded": " 1.3.0",
    },
    c.MESSAGE_TYPE: NO_TEXT
    | {
        "absent": ABSENT,
        "empty": "",
        "huge": HUGE,
        "LTI 1.1": "basic-lti-launch-request",
        "other letters": "ltiresourcelinkrequest",
        "deep linking": "LtiDeepLinkingRequest",
        "submission review": "LtiSubmissionReviewRequest",
        "notice": "LtiContextCopyNotice",
        "start proctoring": "LtiStartProctoring",
    },
    c.DEPLOYMENT_ID: BAD_ID | {"absent": ABSENT, "foreign": "999999"},
    c.TARGET_LINK_URI: NO_TEXT
    | {
        "absent": ABSENT,
        "empty": "",
        "huge": "https://" + HUGE,
        "foreign": "https://evil.example/launch",
        "foreign host behind our name": "http://127.0.0.1:5000.evil.example/",
        "our name as a user": "http://127.0.0.1:5000@evil.example/",
        "another port": "http://127.0.0.1:5001/",
        "another scheme": "https://127.0.0.1:5000/",
        "javascript": "javascript:alert(1)",
        "no scheme": "//127.0.0.1:5000/",
        "only a path": "/lti/launch",
        "a broken address": "http://[::1",
        "a port that is none": "http://127.0.0.1:99999/",
    },
    c.RESOURCE_LINK: NO_OBJECT
    | {"absent": ABSENT, "null": None, "empty": {}}
    | {f"id: {name}": {"id": value} for name, value in BAD_ID.items()}
    | {f"title: {name}": {"id": "1", "title": value} for name, value in list(NO_TEXT.items())[1:]},
    c.ROLES: {
        **{name: value for name, value in NO_TEXT.items() if name != "a list"},
        "absent": ABSENT,
        "empty text": "",
        "a text": "Instructor",
        "a list of numbers": [7],
        "a list with null": ["Instructor", None],
        "a list of objects": [{"id": "Instructor"}],
        "half a surrogate pair": ["\ud800"],
    },
}
OPTIONAL = {
    c.CONTEXT: NO_OBJECT
    | {"empty": {}}
    | {f"id: {name}": {"id": value} for name, value in BAD_ID.items()}
    | {f"label: {name}": {"id": "1", "label": value} for name, value in list(NO_TEXT.items())[1:]},
    c.LAUNCH_PRESENTATION: NO_OBJECT
    | {f"locale: {name}": {"locale": value} for name, value in list(NO_TEXT.items())[1:]},
    c.CUSTOM: NO_OBJECT,
    c.NAMES_AND_ROLES: NO_OBJECT
    | {
        f"address: {name}": {"context_memberships_url": value}
        for name, value in {
            **dict(list(NO_TEXT.items())[1:]),
            "no scheme": "roster",
            "file": "file:///etc/passwd",
            "a NUL": "http://lms.example/\0",
            "huge": "https://lms.example/" + HUGE,
        }.items()
    },
    c.ASSIGNMENTS_AND_GRADES: NO_OBJECT
    | {f"scope: {name}": {"scope": value} for name, value in {"text": "x", "list": [7]}.items()}
    | {f"{name}: a number": {name: 7} for name in ("lineitems", "lineitem")}
    | {f"{name}: gopher": {name: "gopher://x/"} for name in ("lineitems", "lineitem")},
    **{
        name: dict(list(NO_TEXT.items())[1:]) | {"half a surrogate pair": "\ud83d"}
        for name in ("name", "given_name", "family_name", "email")
    },
}
for _name in TIMES:
    REQUIRED[_name] = dict(NO_TIME)
for _name in ("zero", "negative", "before the calendar", "absent", "nonsense"):
    REQUIRED["nbf"].pop(_name)  # a token may well be good since long ago

BY_CLAIM = REQUIRED | OPTIONAL

HEADERS = {
    "alg: none": {"alg": "none"},
    "alg: None": {"alg": "None"},
    "alg: HS256": {"alg": "HS256"},
    "alg: rs256": {"alg": "rs256"},
    "alg: null": {"alg": None},
    "alg: empty": {"alg": ""},
    "alg: a list": {"alg": ["RS256"]},
    "alg: an object": {"alg": {"RS256": 1}},
    "alg: a number": {"alg": 256},
    "alg: huge": {"alg": HUGE},
    "kid: null": {"kid": None},
    "kid: empty": {"kid": ""},
    "kid: a number": {"kid": 1},
    "kid: a list": {"kid": ["a"]},
    "kid: an object": {"kid": {"a": 1}},
    "kid: huge": {"kid": HUGE},
    "kid: foreign": {"kid": "foreign"},
    "kid: a path": {"kid": "../../../../dev/null"},
    "kid: a query": {"kid": "x' OR '1'='1"},
    "kid: NUL": {"kid": "a\0"},
    "kid: half a surrogate pair": {"kid": "\ud800"},
    "crit: empty": {"crit": []},
    "crit: exp": {"crit": ["exp"], "exp": 1},
    "b64: false": {"b64": False, "crit": ["b64"]},
    "zip: DEF": {"zip": "DEF"},
    "jku": {"jku": "https://evil.example/keys"},
    "x5u": {"x5u": "https://evil.example/cert"},
    "x5c": {"x5c": ["MIIB"]},
    "jwk": {"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}},
    "typ: a number": {"typ": 1},
    "typ: a list": {"typ": ["JWT"]},
    "typ: huge": {"typ": HUGE},
    "deep": {"deep": DEEP, "alg": "none"},
}


def spoilt(claims, name, value):
    """The claims with one of them spoilt."""
    rest = {known: said for known, said in claims.items() if known != name}
    return rest if value is ABSENT else rest | {name: value}
