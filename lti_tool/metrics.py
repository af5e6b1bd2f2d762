"""What Prometheus may read: counts and times, labelled by endpoint and code, never by person."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

REQUESTS = Counter(
    "good_turn_requests", "Answers by endpoint, method and status", ["endpoint", "method", "status"]
)
SECONDS = Histogram(
    "good_turn_request_seconds",
    "Time to answer, by endpoint",
    ["endpoint"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
ERRORS = Counter("good_turn_errors", "Error pages by code", ["code"])
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"})


def count(endpoint: str, method: str, status: int, ms: float, code: str) -> None:
    """Count one answer."""
    known = method if method in METHODS else "other"
    REQUESTS.labels(endpoint, known, str(status)).inc()
    SECONDS.labels(endpoint).observe(ms / 1000)
    if code:
        ERRORS.labels(code).inc()


def page(*, is_shared: bool) -> bytes:
    """All figures in Prometheus' text form, of all workers where they share a folder."""
    if not is_shared:
        return generate_latest()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
