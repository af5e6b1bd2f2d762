"""Ways in which a real LMS or its network fails, on purpose and repeatably."""

import random
import threading
from dataclasses import dataclass
from typing import Any

KINDS = (
    "latency",
    "status",
    "throttle",
    "cut",
    "garbage",
    "drip",
    "applied_lost",
    "reset",
    "redirect",
    "empty",
    "wrong",
    "huge",
    "foreign_scopes",
    "value",
    "loop",
    "foreign",
    "other_keys",
)


@dataclass
class Fault:
    """One kind of trouble with one service ("*" is all of them).

    latency: answered after `seconds`. status: `status`, nothing done. throttle: the platform's
    own words for "slow down" (Canvas: 429, or 403 in its older form). cut: done, half the body.
    garbage: 200 and no JSON, nothing done. drip: done, one byte every `seconds`. applied_lost:
    done, then the connection breaks. reset: broken at once. redirect: sent to `location`.
    value: 200 and `value` as JSON, nothing done (a wrong type; `{"keys": []}` for no keys).
    loop: done, and the next page is this one. foreign: a roster of another course. other_keys:
    the right key ids with wrong keys.
    empty: 200 and nothing. wrong: 200 and JSON of no service. huge: 200 and 9 MB.
    foreign_scopes: a token, but for another service than was asked for.
    """

    service: str
    kind: str
    rate: float = 1.0
    times: int | None = None
    status: int | None = None
    seconds: float = 1.0
    retry_after: int | str | None = None
    location: str = "http://169.254.169.254/latest/"
    value: Any = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: {self.kind}")


class Faults:
    """The faults that are switched on; the same seed and calls give the same troubles."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 -- repeatable on purpose
        self._lock = threading.Lock()
        self.active: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Switch `fault` on; of several that could strike, the one added first does."""
        with self._lock:
            self.active.append(fault)
        return fault

    def clear(self) -> None:
        """All is well again."""
        with self._lock:
            self.active.clear()

    def reseed(self, seed: int) -> None:
        """Begin the same run of luck again."""
        with self._lock:
            self._random.seed(seed)

    def strike(self, service: str) -> Fault | None:
        """The fault that befalls this call, if any; counts down `times`."""
        with self._lock:
            for fault in self.active:
                if fault.service in (service, "*") and self._hits(fault):
                    return fault
        return None

    def _hits(self, fault: Fault) -> bool:
        if fault.times == 0 or self._random.random() >= fault.rate:
            return False
        if fault.times is not None:
            fault.times -= 1
        return True
