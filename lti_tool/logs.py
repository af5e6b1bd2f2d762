"""Structured logs without personal data: only fields on the list are ever written."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

FIELDS = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "request_id",
        "endpoint",
        "method",
        "status",
        "ms",
        "code",
        "registration",
        "chore",
        "error",
        "where",
        "reason",
        "count",
    }
)
Event = MutableMapping[str, Any]


def set_up(level: str) -> None:
    """Write logs as JSON lines on standard error, from `level` on."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _tell_where,
            _drop_the_unlisted,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    root.handlers = [each for each in root.handlers if not isinstance(each, _FromLibraries)]
    root.addHandler(_FromLibraries())


class _FromLibraries(logging.Handler):
    """What libraries log: only where and what kind, because their messages quote what they saw."""

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0] if record.exc_info else None
        structlog.get_logger().log(
            record.levelno,
            "library",
            where=f"{record.name}:{record.funcName}:{record.lineno}",
            error=kind.__name__ if kind else "",
        )


def _tell_where(_logger: Any, _name: str, event: Event) -> Event:
    """An error's place and kind; never its message, which may quote what people wrote."""
    if event.pop("exc_info", None):
        kind, _value, trace = sys.exc_info()
        steps = []
        while trace is not None:
            code = trace.tb_frame.f_code
            steps.append(f"{code.co_qualname}:{trace.tb_lineno}")
            trace = trace.tb_next
        event["error"] = kind.__name__ if kind else "unknown"
        event["where"] = " > ".join(steps[-8:])
    return event


def _drop_the_unlisted(_logger: Any, _name: str, event: Event) -> Event:
    return {name: value for name, value in event.items() if name in FIELDS}
