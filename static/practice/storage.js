"use strict";
// The platform-storage side of Canvas's frame "post_message_forwarding"
// (lti-cs-pm, lti-pm-s): what one origin puts, only that origin gets.
const kept = new Map();
const subjects = ["lti.capabilities", "lti.put_data", "lti.get_data"];

function answered(origin, message) {
  const place = JSON.stringify([origin, message.key]);
  const answer = { subject: message.subject + ".response", message_id: message.message_id };
  if (message.subject === "lti.capabilities") {
    return { ...answer, supported_messages: subjects.map((subject) => ({ subject })) };
  }
  if (typeof message.key !== "string" || !message.message_id) {
    return { ...answer, error: { code: "bad_request", message: "key and message_id are needed" } };
  }
  if (message.subject === "lti.put_data") {
    kept.set(place, message.value);
  }
  return { ...answer, key: message.key, value: kept.get(place) };
}

window.addEventListener("message", (event) => {
  const message = typeof event.data === "object" && event.data !== null ? event.data : {};
  if (subjects.includes(message.subject)) {
    event.source.postMessage(answered(event.origin, message), event.origin);
  }
});
