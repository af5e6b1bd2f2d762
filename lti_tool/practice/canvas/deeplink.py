"""Canvas's deep linking (`deep_linking_request.rb`, `deep_linking_controller.rb`)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt

from lti_tool.practice import vocabulary as v
from lti_tool.practice.access import peeked, verified
from lti_tool.practice.contents import items_of, overlooked, settings, words
from lti_tool.practice.dialect import DeepLinked, Launching
from lti_tool.practice.exchange import PlatformPage
from lti_tool.practice.fields import LinkFields
from lti_tool.practice.model import Course, Placement, Tool

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

LINK = ("ltiResourceLink",)
LTI_MEDIA = "application/vnd.ims.lti.v1.ltilink"
SEVERAL = frozenset(
    {"link_selection", "editor_button", "course_assignments_menu", "module_index_menu_modal"}
)
GRADED = frozenset({"assignment_selection", "course_assignments_menu", "module_index_menu_modal"})
ANSWER_LIFE = timedelta(hours=1)
OLDEST_ANSWER = 300
CLAIMS = ("iss", "aud", "iat", "exp")
AUTHORS = frozenset({"teacher", "ta", "designer"})


def placement_here(launching: Launching) -> Placement | None:
    """The placement that was clicked, if the tool has it there and as deep linking."""
    for placement in launching.tool.placements:
        if placement.name == launching.link.placement:
            return placement
    return None


def target(launching: Launching) -> str:
    """The placement's own address, else the tool's."""
    placement = placement_here(launching)
    return (placement.url if placement else "") or launching.tool.launch_url


def check(launching: Launching) -> None:
    """Nothing begins without a placement for it, or without the right to add content."""
    placement = placement_here(launching)
    if placement is None or placement.message_type != v.DEEP_LINK_REQUEST:
        raise PlatformPage(404, "Couldn't find valid settings for this link")
    held = set(launching.enrolment.roles) if launching.enrolment else set()
    if not (launching.person.is_admin or held & AUTHORS):
        raise PlatformPage(401, "You are not authorised to do that.")


def message(launching: Launching) -> dict[str, Any]:
    """The claims that a deep linking request has and a launch has not."""
    name = launching.link.placement
    types = ["link", "file", "html", *LINK, "image"] if name == "editor_button" else [*LINK]
    targets = ["iframe", "window"]
    media = f"image/*,text/html,{LTI_MEDIA},*/*" if name == "editor_button" else LTI_MEDIA
    offered = settings(
        launching,
        return_url(launching),
        accept_types=types,
        accept_presentation_document_targets=(
            ["embed", *targets] if name == "editor_button" else targets
        ),
        accept_media_types=media,
        accept_multiple=name in SEVERAL,
        auto_create=name == "module_index_menu_modal",
    )
    return {
        v.MESSAGE_TYPE: v.DEEP_LINK_REQUEST,
        v.VERSION: "1.3.0",
        v.DEPLOYMENT_ID: launching.link.deployment_id,
        v.TARGET_LINK_URI: target(launching),
        **offered,
    }


def return_url(launching: Launching) -> str:
    """Where the answer goes; `data` is Canvas's own, good for one answer within the hour."""
    site = launching.site
    content = {
        "modal": True,
        "placement": launching.link.placement,
        "nonce": uuid.uuid4().hex,
        "exp": int((site.now() + ANSWER_LIFE).timestamp()),
    }
    data = jwt.encode(content, site.state.secret, algorithm="HS256")
    path = f"/courses/{launching.course.number}/deep_linking_response"
    return f"{site.base_url}{path}?{urlencode({'data': data})}"


def deep_linked(site: Site, url: str, token: str) -> DeepLinked:
    """Make what the placement is for: a module item, an assignment, links in a text."""
    parts = urlsplit(url)
    course = site.state.courses.get(parts.path.removesuffix("/").split("/")[-2])
    if course is None:
        raise PlatformPage(404, "The page could not be found.")
    tool, claims = _verified(site, token)
    placement = _placement(site, dict(parse_qsl(parts.query)).get("data", ""))
    answer = DeepLinked(
        tool,
        course,
        message=words(claims, "msg"),
        error=words(claims, "errormsg"),
        claims=claims,
        overlooked=overlooked(site, tool, claims),
    )
    _make(site, answer, placement)
    return answer


def refused(**errors: str) -> PlatformPage:
    """Canvas's answer to a response that it does not believe."""
    return PlatformPage(400, "; ".join(f"{name}: {text}" for name, text in errors.items()))


def _verified(site: Site, token: str) -> tuple[Tool, dict[str, Any]]:
    header, claimed = peeked(token)
    tool = site.state.tools.get(str(claimed.get("iss")))
    if tool is None:
        raise refused(jwt="Client not found" if claimed else "JWT format is invalid")
    key = site.tool_keys.key(tool, header.get("kid"))
    if key is None:
        raise refused(jwt="JWT verification failure")
    try:
        claims = verified(token, key, site.now(), required=CLAIMS)
    except jwt.PyJWTError as problem:
        raise refused(jwt=str(problem)) from None
    _check_claims(site, tool, claims)
    return tool, claims


def _check_claims(site: Site, tool: Tool, claims: dict[str, Any]) -> None:
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    unique = claims.get("nonce") or claims.get("jti")
    if site.issuer not in audience:
        raise refused(aud="the 'aud' is invalid")
    if float(claims["iat"]) < site.now().timestamp() - OLDEST_ANSWER:
        raise refused(iat="the 'iat' must be less than 300 seconds old")
    if not unique:
        raise refused(jti="the 'jti' is missing")
    if claims.get(v.DEPLOYMENT_ID) not in tool.deployment_ids:
        raise refused(deployment_id="Deployment not found")
    if tool.state != "active":
        raise refused(developer_key="Developer key inactive")
    if not site.used_returns.first(f"{tool.client_id} {unique}"):
        raise refused(jti="the 'jti' is invalid")


def _placement(site: Site, data: str) -> str:
    """The placement that the request was for; its `data` serves once."""
    try:
        content = jwt.decode(
            data, site.state.secret, algorithms=["HS256"], options={"verify_exp": False}
        )
    except jwt.PyJWTError:
        raise refused(data="is invalid") from None
    if content["exp"] <= site.now().timestamp():
        raise refused(data="has expired")
    if not site.used_returns.first(content["nonce"]):
        raise refused(data="nonce was already used")
    return str(content["placement"])


def _make(site: Site, answer: DeepLinked, placement: str) -> None:
    """Only LTI links become links here; where one is wanted, the first is taken."""
    wanted = [item for item in items_of(answer.claims) if item.get("type") in LINK]
    for item in wanted if placement in SEVERAL else wanted[:1]:
        line_item = item.get("lineItem") if placement in GRADED else None
        if line_item is not None and not _is_maximum(line_item):
            answer.error = "lineItem: scoreMaximum must be a number"
            continue
        fields = _fields(answer.tool, item, placement)
        answer.links.append(site.add_link(answer.course, answer.tool, **fields))
        _date(site, answer.course, answer.links[-1].resource_link_id, item)


def _is_maximum(line_item: object) -> bool:
    maximum = line_item.get("scoreMaximum") if isinstance(line_item, dict) else None
    return isinstance(maximum, int | float) and not isinstance(maximum, bool) and maximum >= 0


def _fields(tool: Tool, item: dict[str, Any], placement: str) -> LinkFields:
    """A link; an assignment always has a column, of no points where the tool names none."""
    custom = item.get("custom")
    fields: LinkFields = {
        "title": str(item.get("title") or tool.name),
        "description": str(item.get("text") or ""),
        "custom": {name: str(value) for name, value in custom.items()} if custom else {},
        "url": str(item.get("url") or ""),
        "placement": placement,
    }
    line_item = item.get("lineItem") or {}
    if placement not in GRADED or (placement != "assignment_selection" and not line_item):
        return fields
    return fields | {
        "graded": True,
        "maximum": float(line_item.get("scoreMaximum") or 0),
        "resource_id": str(line_item.get("resourceId") or ""),
        "tag": str(line_item.get("tag") or ""),
    }


def _date(site: Site, course: Course, rlid: str, item: dict[str, Any]) -> None:
    """`available` and `submission` become the assignment's dates."""
    available, submission = item.get("available") or {}, item.get("submission") or {}
    for column in site.line_items_of(course):
        if column.resource_link_id == rlid:
            column.starts_at = available.get("startDateTime")
            column.ends_at = submission.get("endDateTime") or available.get("endDateTime")
            label = (item.get("lineItem") or {}).get("label")
            column.label = str(label) if label else column.label
