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
