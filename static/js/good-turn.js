// Only improvements: every page works without this file.

// The tab that opened with a code brings it back at once.
const sendNow = document.querySelector("form[data-send-now]");
if (sendNow) sendNow.requestSubmit();

// Where no new tab can open (apps), the button takes the whole window instead.
const openTab = document.querySelector("form[data-open-tab]");
if (openTab) {
  openTab.addEventListener("submit", () => {
    const tab = window.open("", "good-turn");
    openTab.target = tab ? "good-turn" : "_top";
  });
}

// A form is sent once, however often its button is pressed.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent && !form.hasAttribute("data-open-tab")) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// After a form that came back with problems, the first of them has the focus.
document.querySelector(".problems a, [role=alert]")?.focus();
document.querySelector("[aria-invalid=true]")?.focus();

// A value to copy: the button is there only where it works.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const says = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy");
    }
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = says; }, 2000);
  });
}

// A window that a platform opened for us is closed by telling the platform (LTI-DR §3.6).
const done = document.querySelector("[data-close]");
if (done) (window.opener || window.parent).postMessage({ subject: done.dataset.close }, "*");

// What is still being waited for is looked at again every few seconds, while somebody looks.
async function refresh(part) {
  if (document.visibilityState === "visible") {
    const answer = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(part.id);
    if (fresh && fresh.textContent !== part.textContent) {
      location.reload();
      return;
    }
  }
  setTimeout(refresh, 1000 * part.dataset.refresh, part);
}
const waiting = document.querySelector("[data-refresh]");
if (waiting) setTimeout(refresh, 1000 * waiting.dataset.refresh, waiting);
// Inside a platform's frame: say how tall the page is, to the platform and nobody else.
if (window.parent !== window) {
  const known = document.body.dataset.framedBy.split(" ").filter(Boolean);
  const matches = (origin) =>
    known.some((one) => one === origin || (one.includes("*.") && suits(origin, one)));
  const suits = (origin, pattern) => {
    const [scheme, host] = pattern.split("*");
    return origin.startsWith(scheme) && origin.endsWith(host);
  };
  const around = window.location.ancestorOrigins?.[0];
  const targets = around ? [around].filter(matches) : known.filter((one) => !one.includes("*"));
  let last = 0;
  const tell = () => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height === last) return;
    last = height;
    for (const subject of ["lti.frameResize", "org.imsglobal.lti.frameResize"]) {
      for (const origin of targets) window.parent.postMessage({ subject, height }, origin);
    }
  };
  let later;
  new ResizeObserver(() => {
    clearTimeout(later);
    later = setTimeout(tell, 150);
  }).observe(document.body);
}
