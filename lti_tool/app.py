"""Puts the application together: settings, database, pages, chores, commands. Nothing else."""

import os
from collections.abc import Mapping

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from lti_tool import cli, db, health, jobs, logs, settings, web
from lti_tool.board import views as board
from lti_tool.course import views as course
from lti_tool.credit import chores as credit_chores
from lti_tool.credit import views as credit
from lti_tool.deep_linking import views as deep_linking
from lti_tool.launch import chores as launch_chores
from lti_tool.launch import views as launch
from lti_tool.registration import views as registration
from lti_tool.roster import chores as roster_chores
from lti_tool.settings import ROOT

CHORES = {
    "roster.sweep": roster_chores.sweep,
    "credit.columns": credit_chores.make_columns,
    "credit.send": credit_chores.send_scores,
    "launch.purge": launch_chores.purge,
}


def create_app(environ: Mapping[str, str] | None = None) -> Flask:
    """The application for the settings in `environ`; raises SettingsError, naming the bad one."""
    chosen = settings.load(os.environ if environ is None else environ)
    app = Flask(
        "lti_tool",
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
    )
    app.extensions["good_turn_settings"] = chosen
    app.config["SECRET_KEY"] = chosen.SECRET_KEY
    logs.set_up(chosen.LOG_LEVEL)
    db.init_app(app, chosen.DATABASE_URL)
    Migrate(app, db.db, directory=str(ROOT / "migrations"), render_as_batch=True)
    jobs.init_app(app, chosen.QUEUE_URL, CHORES)
    web.init_app(app)
    for part in (health, registration, launch, course, board, credit, deep_linking):
        app.register_blueprint(part.bp)
    for part in (launch, deep_linking):
        app.register_blueprint(part.pages)
    cli.register(app)
    if chosen.PROXY_HOPS:
        hops = chosen.PROXY_HOPS
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app
