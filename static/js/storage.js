// What the platform keeps for a browser that keeps no cookies (LTI platform storage). The platform's
// page is around this one; it may keep things itself, or in a frame of its own beside ours.

const WAIT = 1500;

export function storageFrame(name) {
  const around = window.opener || window.parent;
  if (name !== "_parent") {
    try {
      if (around.frames[name]) return around.frames[name];
    } catch {
      return around;
    }
  }
  return around.frames["post_message_forwarding"] || around;
}

// Asks once; resolves with the value, or with nothing when no such answer comes in time.
export function ask(place, subject, value) {
  const { frame, origin, key } = place.dataset;
  const id = crypto.randomUUID();
  return new Promise((resolve) => {
    const listen = (event) => {
      const said = event.data;
      if (event.origin !== origin || typeof said !== "object" || said === null) return;
      if (said.message_id !== id || said.subject !== `${subject}.response`) return;
      finish(said.error ? undefined : said.value);
    };
    const finish = (answer) => {
      window.removeEventListener("message", listen);
      clearTimeout(late);
      resolve(answer);
    };
    const late = setTimeout(finish, WAIT);
    window.addEventListener("message", listen);
    const message = { subject, message_id: id, key };
    if (value !== undefined) message.value = value;
    try {
      storageFrame(frame).postMessage(message, origin);
    } catch {
      finish();
    }
  });
}

const put = document.querySelector("[data-storage=put]");
if (put) {
  ask(put, "lti.put_data", put.dataset.value).then(() => {
    window.location.replace(put.querySelector("[data-next]").href);
  });
}

const get = document.querySelector("[data-storage=get]");
if (get) {
  ask(get, "lti.get_data").then((value) => {
    if (typeof value === "string") get.querySelector("[name=proof]").value = value;
    get.dataset.storage = "asked";
  });
}
