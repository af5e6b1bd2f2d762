"""What every part of a pretend LMS stands on: its addresses, its clock, its keys, its lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Unpack
from urllib.parse import urlsplit

from lti_tool.practice import store
from lti_tool.practice.access import AccessTokens, JwksCache, UsedOnce
from lti_tool.practice.canvas.dialect import Canvas
from lti_tool.practice.dialect import Dialect
from lti_tool.practice.faults import Faults
from lti_tool.practice.fields import SiteOptions
from lti_tool.practice.keys import CURRENT, KeyRing
from lti_tool.practice.model import Enrolment, State, Tool
from lti_tool.practice.moodle.dialect import Moodle
from lti_tool.practice.traffic import ScorePost, ServiceRequest, Traffic

DIALECTS: dict[str, Callable[[], Dialect]] = {"moodle": Moodle, "canvas": Canvas}


def real_now() -> datetime:
    """The time on the wall."""
    return datetime.now(UTC)


class Core:
    """One pretend LMS before it knows anybody."""

    def __init__(self, dialect: str, **options: Unpack[SiteOptions]) -> None:
        self.dialect_name = dialect
        self.dialect = DIALECTS[dialect]()
        self.name = options.get("name") or f"Practice {dialect.title()}"
        self.base_url = options.get("base_url", f"http://localhost/{dialect}").rstrip("/")
        self.issuer = options.get("issuer") or self.base_url
        self.true_now = options.get("now") or real_now
        self.clock_error = options.get("clock_error", timedelta())
        """How wrong the LMS's own clock is; may be changed at any time."""
        save_to = options.get("save_to")
        self.save_to = Path(save_to) if save_to else None
        self.lock = threading.RLock()
        self._changes = 0
        self.state = store.load(self.save_to)
        self.keys = KeyRing(self.state.keys)
        self._begin_run()

    def _begin_run(self) -> None:
        """What does not survive a restart."""
        self.pending: dict[str, Any] = {}
        self.deep_link_data: str | None = None
        """What deep linking requests carry as `data`; neither Moodle nor Canvas sends any."""
        self.used_returns = UsedOnce()
        self.used_registrations = UsedOnce()
        self.switched_to_student: set[tuple[str, str]] = set()
        self.access_tokens = AccessTokens(self.now)
        self.tool_keys = JwksCache()
        self.faults = Faults()
        self.requests: list[ServiceRequest] = []
        self.score_posts: list[ScorePost] = []
        self.traffic = Traffic()
        self.clock_offset: Callable[[], timedelta] = timedelta
        self.assertions = UsedOnce()
        self._rosters: dict[str, tuple[int, list[Enrolment]]] = {}

    def __repr__(self) -> str:
        return f"<Site {self.name} at {self.base_url}>"

    @property
    def auth_url(self) -> str:
        """Where the tool sends the browser after login initiation."""
        return self.base_url + self.dialect.auth_path

    @property
    def token_url(self) -> str:
        """Where the tool gets access tokens."""
        return self.base_url + self.dialect.token_path

    @property
    def jwks_url(self) -> str:
        """Where the platform's public keys are."""
        return self.base_url + self.dialect.jwks_path

    @property
    def openid_configuration_url(self) -> str:
        """Where dynamic registration begins."""
        return self.base_url + self.dialect.configuration_path

    @property
    def path(self) -> str:
        """The path of the base address, without a trailing slash."""
        return urlsplit(self.base_url).path

    def now(self) -> datetime:
        """The time by the LMS's own clock."""
        return self.true_now() + self.clock_error

    def course_now(self) -> datetime:
        """The time that people in the course live in; ahead of real time when the demo moved it."""
        return self.now() + self.clock_offset()

    @contextmanager
    def changing(self) -> Iterator[State]:
        """Hold the lock, and save after the outermost change if this site is saved at all."""
        with self.lock:
            self._changes += 1
            try:
                yield self.state
            finally:
                self._changes -= 1
            if self.save_to and self._changes == 0:
                store.save(self.save_to, self.state)

    def next_number(self) -> str:
        """A new id, counted up over everything as a database would."""
        with self.lock:
            self.state.last_number += 1
            return str(self.state.last_number)

    def sign(
        self,
        claims: object,
        *,
        kid: str | None = CURRENT,
        alg: str = "RS256",
        headers: dict[str, Any] | None = None,
    ) -> str:
        """Sign anything in any way; see KeyRing.sign."""
        with self.lock:
            return self.keys.sign(claims, kid=kid, alg=alg, headers=headers)

    def rotate_keys(self, *, keep_old: bool = True) -> None:
        """Sign with a new key from now on; `keep_old` leaves the old ones in the key set."""
        with self.changing():
            self.keys.rotate(keep_old=keep_old)

    def issue_token(self, tool: Tool, scopes: list[str] | None = None) -> str:
        """An access token without asking the token endpoint, for tests of single services."""
        return self.access_tokens.issue(tool.client_id, scopes or tool.scopes)
