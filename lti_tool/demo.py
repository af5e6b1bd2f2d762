"""`make demo`: the tool, its worker and a practice LMS, on this machine only.

The LMS is on `localhost` and the tool on `127.0.0.1`: two sites, as in real life, so that the
frame's cookies behave as they do there. Course time can be moved here, and only here.
"""

from lti_tool.settings import ROOT

HOME = ROOT / "var" / "demo"
PORTS = (8041, 8042)
READY_SECONDS = 60
STOP_SECONDS = 8
