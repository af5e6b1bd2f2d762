"""Names of LTI claims and scopes, each written once (LTI Core 1.3, NRPS 2.0, AGS 2.0)."""

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
MESSAGE_TYPE = LTI + "message_type"
VERSION = LTI + "version"
DEPLOYMENT_ID = LTI + "deployment_id"
TARGET_LINK_URI = LTI + "target_link_uri"
RESOURCE_LINK = LTI + "resource_link"
ROLES = LTI + "roles"
CONTEXT = LTI + "context"
CUSTOM = LTI + "custom"
LAUNCH_PRESENTATION = LTI + "launch_presentation"
NAMES_AND_ROLES = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
ASSIGNMENTS_AND_GRADES = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"

DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
DEEP_LINKING_SETTINGS = DEEP_LINKING + "deep_linking_settings"
DEEP_LINKING_ECHO = DEEP_LINKING + "data"
DEEP_LINKING_CONTENT = DEEP_LINKING + "content_items"
DEEP_LINKING_MESSAGE = DEEP_LINKING + "msg"

RESOURCE_LINK_REQUEST = "LtiResourceLinkRequest"
DEEP_LINKING_REQUEST = "LtiDeepLinkingRequest"
LTI_LINK = "ltiResourceLink"
"""The one kind of content that we have to give."""
TOPIC_FIELD = "good_turn_topic"
COURSE_FIELD = "good_turn_course"
"""Custom fields of the links that we made; teachers can change them."""
SUPPORTED_VERSION = "1.3.0"

SCOPE_MEMBERS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCOPE_LINEITEM = AGS + "lineitem"
SCOPE_LINEITEM_READONLY = AGS + "lineitem.readonly"
SCOPE_RESULT = AGS + "result.readonly"
SCOPE_SCORE = AGS + "score"
GRADE_SCOPES = (SCOPE_LINEITEM, SCOPE_LINEITEM_READONLY, SCOPE_RESULT, SCOPE_SCORE)
SCOPES = (SCOPE_MEMBERS, *GRADE_SCOPES)
"""What we ask a platform for, and nothing else."""

PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
CANVAS = "https://canvas.instructure.com/lti/"
"""Canvas's own words in a registration begin so."""

CUSTOM_EVERYWHERE = {
    "tz": "$Person.address.timezone",
    "context_history": "$Context.id.history",
}
CUSTOM_OF_MOODLE = {
    "groups": "$Moodle.Person.userGroupIds",
    "course_end": "$CourseSection.timeFrame.end",
}
CUSTOM_OF_CANVAS = {
    "sections": "$com.instructure.User.sectionNames",
    "course_state": "$Canvas.course.workflowState",
    "api_domain": "$Canvas.api.domain",
}
"""What we ask a platform to add to each launch, by the names under which launches bring it."""

MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
LINEITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
LINEITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"

CANVAS_SUBMISSION = "https://canvas.instructure.com/lti/submission"
CANVAS_SUBMISSION_TYPE = "https://canvas.instructure.com/lti/submission_type"
