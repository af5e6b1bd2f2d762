"""What an administrator of the pretend LMS sees of tools: register, switch on, install."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.practice.model import Tool
from lti_tool.practice.sessions import logged_in
from lti_tool.practice.site import Site

HEADINGS = {"moodle": "Manage tools", "canvas": "Developer keys"}
PRIVACY = {
    "public": "Name and e-mail address",
    "name_only": "Name",
    "email_only": "E-mail address",
    "anonymous": "Nothing",
}


class AdminPages:
    """Moodle's "Manage tools" and Canvas's "Developer keys", as far as tools need them."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def add_to(self, pages: Blueprint) -> None:
        """Put the addresses into the site's pages."""
        one = "/admin/tools/<client_id>"
        pages.add_url_rule("/admin/tools", "tools", self.tools)
        pages.add_url_rule("/admin/register", "begin_registration", self.begin, methods=["POST"])
        pages.add_url_rule("/admin/tools/add", "add_tool", self.add, methods=["GET", "POST"])
        pages.add_url_rule(f"{one}/state", "tool_state", self.change_state, methods=["POST"])
        pages.add_url_rule(f"{one}/install", "install_tool", self.install, methods=["POST"])
        pages.add_url_rule(f"{one}/delete", "delete_tool", self.delete, methods=["POST"])
        pages.context_processor(lambda: {"tools_heading": HEADINGS[self.site.dialect_name]})

    def tools(self) -> str:
        """All tools, each with its state and what its own set-up asks for."""
        self._administrator()
        tools = list(self.site.state.tools.values())
        return render_template("tools.html", tools=tools, privacy_words=PRIVACY)

    def begin(self) -> Response | str:
        """The tool's registration page, in a frame of ours."""
        self._administrator()
        url = request.form.get("url", "").strip()
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            abort(400)
        g.framed = f"{parts.scheme}://{parts.netloc}"
        return render_template("register.html", address=self.site.registration_request(url))

    def add(self) -> Response | str:
        """Moodle's "configure a tool manually", Canvas's "Manual entry"."""
        self._administrator()
        if request.method == "GET":
            return render_template("addtool.html")
        self.site.add_tool(**fields_of(request.form.to_dict(), self.site.dialect_name))
        return redirect(url_for(".tools"))

    def change_state(self, client_id: str) -> Response:
        """Moodle's "Activate"; Canvas's ON and OFF."""
        self._administrator()
        tool = self._tool(client_id)
        if self.site.dialect_name == "moodle":
            self.site.activate(tool)
        else:
            self.site.set_key_state(tool, request.form.get("state", "on"))
        return redirect(url_for(".tools"))

    def install(self, client_id: str) -> Response:
        """Canvas: install by client id in the account."""
        self._administrator()
        self.site.install(self._tool(client_id))
        return redirect(url_for(".tools"))

    def delete(self, client_id: str) -> Response:
        """Forget the tool."""
        self._administrator()
        self.site.delete_tool(self._tool(client_id))
        return redirect(url_for(".tools"))

    def _administrator(self) -> None:
        me = logged_in(self.site)
        if me is None or not me.is_admin:
            abort(403)

    def _tool(self, client_id: str) -> Tool:
        if client_id not in self.site.state.tools:
            abort(404)
        return self.site.state.tools[client_id]


def fields_of(form: dict[str, str], dialect: str) -> Any:
    """What add_tool takes, from the form that is filled in by hand."""
    lines = [line.partition("=") for line in form.get("custom", "").splitlines() if "=" in line]
    launch_url = form["launch_url"].strip()
    redirects = form.get("redirect_uris", "").split()
    return {
        "name": form.get("name", "").strip() or "External tool",
        "login_url": form["login_url"].strip(),
        "launch_url": launch_url,
        "redirect_uris": redirects or [launch_url],
        "jwks_url": form["jwks_url"].strip(),
        "custom": {name.strip(): value.strip() for name, _, value in lines},
        "domain": urlsplit(launch_url).netloc,
        "deep_link_url": form.get("deep_link_url", "").strip() or None,
        "state": "active" if dialect == "moodle" else "off",
        **({} if dialect == "moodle" else {"deployment_ids": []}),
    }
