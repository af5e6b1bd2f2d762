// The platform's side of a registration: the tool says that it is done, and the list comes back.
"use strict";
const frame = document.getElementById("registration");
window.addEventListener("message", (event) => {
  const data = typeof event.data === "string" ? { subject: event.data } : event.data;
  if (event.source === frame.contentWindow && data && data.subject === "org.imsglobal.lti.close") {
    window.location.assign(frame.dataset.done);
  }
});
