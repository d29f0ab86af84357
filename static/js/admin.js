// Comfort only: every page works without this file.

// A form that was sent once is not sent again by an impatient second press; the server guards the same.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-disabled", "true");
  });
}
// Coming back by the browser's history finds the form usable.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
});

// Settings that count only while a choice stands on one value are shown only then.
for (const part of document.querySelectorAll("[data-only-if]")) {
  const [name, value] = part.dataset.onlyIf.split("=");
  const choice = part.closest("form").elements[name];
  const follow = () => {
    part.hidden = choice.value !== value;
  };
  for (const option of choice) option.addEventListener("change", follow);
  addEventListener("pageshow", follow);
}

// A file that the server would refuse for its size is told before it is sent.
for (const input of document.querySelectorAll("[data-most-bytes]")) {
  const slot = document.getElementById(`${input.id}-error`);
  input.addEventListener("change", () => {
    const big = input.files[0]?.size > Number(input.dataset.mostBytes);
    slot.hidden = !big;
    slot.querySelector("span").textContent = big ? input.dataset.tooBig : "";
    input.setAttribute("aria-invalid", big);
    if (big) input.value = "";
  });
}

document.querySelector("[data-error-summary]")?.focus();
document.querySelector("[data-first-focus]")?.focus();

const help = document.querySelector("[data-keys]");
const helpButton = document.querySelector("[data-keys-button]");
if (helpButton) {
  helpButton.hidden = false;
  helpButton.addEventListener("click", () => help.showModal());
}

const links = [...document.querySelectorAll("[data-rows] .row-link")];
const step = { j: 1, k: -1 };
const neighbour = { j: "next", k: "prev" };

addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing || help?.open || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.querySelector("[data-search]");
  if (event.key === "/" && search) {
    event.preventDefault();
    search.closest("details").open = true;
    search.focus();
  } else if (event.key in step && links.length) {
    const at = links.indexOf(document.activeElement);
    const next = at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + step[event.key]));
    links[next].focus();
  } else if (event.key in neighbour) {
    document.querySelector(`.neighbours [rel=${neighbour[event.key]}]`)?.click();
  } else if (event.key === "?" && help) {
    help.showModal();
  }
});
