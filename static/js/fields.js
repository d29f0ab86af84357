// The server's word on single fields (U-012): asked for when one is left, told beside it, taken away as soon as it is
// right. Words and rules are the server's, so they are the same as after a refusal; out of reach nothing is said, and
// the button judges everything again. The focus never moves by itself.

const PAUSE = 300; // without a key, before a field that is wrong is asked about again

export const isWrong = (control) => control.getAttribute("aria-invalid") === "true";

/** Ask about the fields `sent` and tell the answer into the form as it stands: the verdicts that are `wanted`. */
export async function check(form, sent, wanted = () => true) {
  const verdicts = await ask(form, sent);
  await released();
  for (const [name, verdict] of Object.entries(verdicts)) {
    const control = form.querySelector(`.control[name="${name}"]`);
    if (!control || control.value !== sent.get(name) || !wanted(verdict, control)) continue; // put right meanwhile
    tell(form, control, verdict);
  }
  sumUp(form);
}

/** Bring the buyer to what a page has to say first, if it comes with a refusal. */
export const toSummary = () => document.querySelector("[data-error-summary]:not([hidden])")?.focus();

/** Let the summary on top say what the fields say: a line for each that is wrong, none for what has been put right. One that is
    `opened` is shown if it was not. Where lines come and go they do so between presses, never under one. */
export async function sumUp(form, opened = false) {
  await released();
  const summary = document.getElementById("error-summary");
  if (!form.isConnected || !summary || (summary.hidden && !opened)) return;
  const lines = [...form.querySelectorAll(".field-error:not([hidden])")].filter((slot) => slot.checkVisibility()).flatMap(lineOf);
  const list = summary.querySelector("ul");
  summary.hidden = !lines.length;
  if (said([...list.children]) === said(lines)) return;
  // One of the lines may have the focus: the one that leads to the same field has it afterwards.
  const focused = list.contains(document.activeElement) ? document.activeElement.hash : null;
  list.replaceChildren(...lines);
  lines.find((line) => line.firstChild.hash === focused)?.firstChild.focus();
}

const said = (lines) => lines.map((line) => line.textContent.trim()).join("\n");

function lineOf(slot) {
  const control = document.getElementById(slot.id.replace(/-error$/, ""));
  if (!control) return []; // about the goods, not about a field
  const label = (document.querySelector(`label[for="${control.id}"]`) ?? control.querySelector("legend"))?.textContent ?? "";
  const [line, link] = [document.createElement("li"), document.createElement("a")];
  link.href = `#${control.id}`;
  link.textContent = slot.textContent.includes(label) ? slot.textContent : `${label}: ${slot.textContent}`;
  line.append(link);
  return [line];
}

/** Follow a form: each field as it is left, and one that is wrong while it is put right. */
export function watch(form) {
  let pause;
  // What is sent along with a field may not have been reached yet: nothing is said of it.
  const checkOne = (control, only = () => true) =>
    check(form, fieldAlone(form, control), (verdict, judged) => judged === control && only(verdict));
  form.addEventListener("change", ({ target }) => {
    if (!target.matches(".control[name]:not([type=password])")) return;
    clearTimeout(pause);
    checkOne(target);
  });
  form.addEventListener("input", ({ target }) => {
    if (!target.matches(".control[name]") || !isWrong(target)) return;
    clearTimeout(pause);
    pause = setTimeout(() => checkOne(target, (verdict) => !verdict.error), PAUSE);
  });
  form.addEventListener("input", () => sumUp(form));
  form.addEventListener("focusout", () => setTimeout(sumUp, 0, form)); // once the focus is where it goes
  form.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-instead]");
    if (button) take(form, button);
  });
  form.addEventListener("keydown", pressOwn);
  for (const button of form.querySelectorAll("[data-instead]")) button.hidden = !button.value;
}

/** Enter in the field of a coupon is meant for the button beside it, not for the form's – but for the one that ends a composition,
    which some browsers send after its end, as key 229. */
function pressOwn(event) {
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229 || event.target.name !== "coupon") return;
  event.preventDefault();
  event.target.form.querySelector("[name=apply]").click();
}

/** Put the offered correction where the buyer pressed for it. */
function take(form, button) {
  const control = form.querySelector(`#${button.dataset.instead}`);
  control.value = button.value;
  control.focus();
  control.dispatchEvent(new Event("change", { bubbles: true }));
}

async function ask(form, sent) {
  try {
    const answer = await fetch(form.getAttribute("data-check"), { method: "POST", body: sent });
    return answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
}

/** What the server needs to judge one field. */
function fieldAlone(form, control) {
  const whole = new FormData(form);
  const sent = new FormData();
  for (const name of ["csrf_token", "ship_to", "register_member", "email", control.name]) {
    if (whole.has(name)) sent.set(name, whole.get(name));
  }
  return sent;
}

function tell(form, control, { error, advice, instead, kept }) {
  if (kept !== null) control.value = kept;
  control.setAttribute("aria-invalid", String(error !== ""));
  show(form, control, "error", error);
  const button = show(form, control, "advice", advice)?.querySelector("[data-instead]");
  if (button) [button.value, button.hidden] = [instead, !instead];
  const label = form.querySelector(`label[for="${control.id}"]`).textContent;
  if (error || advice) document.querySelector("[data-told]").textContent = `${label}: ${error || advice}`;
}

function show(form, control, kind, text) {
  const slot = form.querySelector(`#${control.id}-${kind}`);
  if (!slot) return null;
  slot.querySelector("span").textContent = text;
  slot.hidden = !text;
  return slot;
}

// A sentence that appears between press and release would move the button away from under the finger.
let pressed = false;
for (const [kind, down] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]]) {
  addEventListener(kind, () => { pressed = down; }, true);
}

async function released() {
  while (pressed) await new Promise((done) => setTimeout(done, 50));
}
