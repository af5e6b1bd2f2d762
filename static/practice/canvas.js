"use strict";
// Canvas lets the tool say how tall its frame should be.
const frame = document.getElementById("tool");

window.addEventListener("message", (event) => {
  let message = event.data;
  if (typeof message === "string") {
    try {
      message = JSON.parse(message);
    } catch {
      return;
    }
  }
  const height = Number(message && message.height);
  if (event.source === frame.contentWindow && message.subject === "lti.frameResize" && height > 0) {
    frame.style.height = Math.min(Math.max(height, 300), 20000) + "px";
  }
});
