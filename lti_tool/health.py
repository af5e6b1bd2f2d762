"""For whoever runs the server: is it alive, can it serve, and how is it doing."""

import hmac
import ipaddress
import os

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, jsonify, request

from lti_tool import jobs, metrics, settings
from lti_tool.db import db, is_reachable
from lti_tool.errors import NotHere
from lti_tool.settings import ROOT

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
def ready() -> tuple[Response, int]:
    """Whether this server can do its work: the database, its migrations, a worker seen lately."""
    checks = {"database": is_reachable()}
    checks["migrations"] = checks["database"] and is_migrated()
    checks["worker"] = checks["migrations"] and jobs.is_worker_alive()
    return jsonify(checks), 200 if all(checks.values()) else 503


@bp.get("/metrics")
def figures() -> Response:
    """Figures for Prometheus: with the token, or on this machine where none is set."""
    if not _may_read_metrics():
        raise NotHere
    page = metrics.page(is_shared="PROMETHEUS_MULTIPROC_DIR" in os.environ)
    return Response(page, mimetype="text/plain; version=0.0.4; charset=utf-8")


def is_migrated() -> bool:
    """Whether the database is at the newest migration."""
    head = ScriptDirectory(str(ROOT / "migrations")).get_current_head()
    context = MigrationContext.configure(db.session.connection())
    return context.get_current_revision() == head


def _may_read_metrics() -> bool:
    token = settings.current().METRICS_TOKEN
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    is_behind_proxy = settings.current().PROXY_HOPS == 0 and "X-Forwarded-For" in request.headers
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    return address.is_loopback and not is_behind_proxy
