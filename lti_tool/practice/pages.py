"""What people see of a pretend LMS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Blueprint, render_template, request

from lti_tool.practice.sessions import logged_in
from lti_tool.practice.site import Site


def site_blueprint(site: Site, move_clock: Callable[[timedelta], None] | None) -> Blueprint:
    """The pages of one site."""
    blueprint = Blueprint("site", __name__, url_prefix=site.path or None)

    def auth() -> str:
        redirect_uri, fields = site.authorize(request.values.to_dict(), logged_in(site))
        return render_template("handover.html", url=redirect_uri, fields=fields, site=site)

    blueprint.add_url_rule(site.dialect.auth_path, "auth", auth, methods=["GET", "POST"])
    return blueprint
