// The one-page checkout: choices that follow each other, sums that follow the choices, the confirmation as a dialog.
// Everything but the card token also works without this file; the server judges every value again.

import { CardForm } from "./card.js";
import { check, isWrong, sumUp, toSummary, watch } from "./fields.js";
import { overhear } from "./kana.js";
import { markSent } from "./place.js";
import { followPostal } from "./postal.js";
import { readable } from "./passwords.js";
import { foldSummary, follow, onWidth } from "./totals.js";

const dialog = document.getElementById("confirm");
const cards = new Map(); // card fieldset → CardForm; a kept fieldset keeps its CardForm

let form = document.getElementById("checkout");
let card = null; // the card form of the confirmation that is open
let busy = false;

const words = () => JSON.parse(form.dataset.words);

// ---- 「注文確認する」 ----

async function confirmOrder(event) {
  if (["refresh", "lookup", "leave"].includes(event.submitter?.name)) return;
  event.preventDefault();
  if (busy) return;
  const applies = event.submitter?.name === "apply"; // 適用する: the form again, with the sums as they are then
  card = applies ? null : (cards.get(form.querySelector("[data-keep=card]:enabled")) ?? null);
  if (card && !card.check()) return tellOthers();
  work(words().checking);
  let notice;
  try {
    notice = await openConfirmation(event.submitter);
    if (applies && !notice) showApplied();
  } finally {
    work("");
  }
  if (notice) form.querySelector("[data-progress]").textContent = notice;
}

/** The code and what became of it; a refused one is told by the summary on top. */
function showApplied() {
  if (form.querySelector("[data-error-summary]:not([hidden])")) return;
  form.querySelector("[name=coupon]")?.focus();
}

function askServer(submitter) {
  // A control named "action" would hide the property of the form; it cannot hide the attribute.
  return fetch(form.getAttribute("action"), {
    method: "POST",
    body: new FormData(form, submitter),
    headers: { "X-Requested-With": "fetch" },
  });
}

async function parsed(response) {
  const answer = document.createElement("template");
  answer.innerHTML = await response.text();
  return answer.content;
}

/** The card is wrong: tell with it what else is – at the fields, and in the summary on top, which leads to each of them. Only
    hands that are typing by then stay where they are: the rest of a card number would land elsewhere. */
async function tellOthers() {
  const [field, value] = [document.activeElement, document.activeElement.value];
  await check(form, new FormData(form));
  if (![...form.querySelectorAll(".control[name]")].some(isWrong)) return;
  await sumUp(form, true);
  if (document.activeElement === field && field.value === value) toSummary();
}

// Gives what is left to say to the buyer, if the confirmation could not even be asked for.
async function openConfirmation(submitter) {
  let response;
  try {
    response = await askServer(submitter);
  } catch {
    return words().offline;
  }
  const elsewhere = response.headers.get("X-Location") ?? (response.redirected ? response.url : "");
  if (elsewhere) return location.assign(elsewhere);
  const answer = await parsed(response);
  const panel = response.ok && answer.querySelector("[data-confirm-panel]");
  const again = answer.querySelector("#checkout");
  if (panel) return showPanel(panel);
  if (again) return showAgain(again);
  HTMLFormElement.prototype.submit.call(form); // an answer this page cannot show: let the browser show it
}

async function showPanel(panel) {
  if (card) {
    work(words().card);
    // The token comes last: a wrong address costs no token, and the security code stays until it is needed.
    const made = await card.tokenise();
    if (!made) return;
    CardForm.hand(panel, made);
    panel.querySelector("[data-card-shown]").textContent = made.shown;
  }
  dialog.replaceChildren(panel);
  dialog.showModal();
  history.pushState({ confirming: true }, "", form.getAttribute("action"));
  dialog.scrollTop = 0;
  document.getElementById("confirm-title").focus();
}

/** The form as the server sent it back, with the card form the buyer has typed into. */
function showAgain(fresh) {
  const old = form;
  form.after(fresh);
  for (const kept of old.querySelectorAll("[data-keep]")) {
    fresh.querySelector(`#${CSS.escape(kept.id)}`)?.replaceWith(kept);
  }
  old.remove();
  form = fresh;
  begin();
  readable(form);
  toSummary();
}

/** Say what is being waited for; an empty text ends the waiting. */
function work(text) {
  busy = text !== "";
  form.querySelector("[data-progress]").textContent = text;
  form.querySelector("[data-confirm-button]").setAttribute("aria-disabled", String(busy));
}

// ---- 「注文する」 ----

function placeOrder(event) {
  const order = event.target;
  if (order.matches("[data-place]") && !markSent(order)) event.preventDefault();
}

function setUpDialog() {
  dialog.addEventListener("cancel", (event) => {
    if (dialog.querySelector("[data-sent]")) event.preventDefault(); // on its way: no way back now
  });
  dialog.addEventListener("click", (event) => {
    if (!event.target.closest("[data-back]")) return;
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const stops = [...dialog.querySelectorAll("a[href], button:enabled")].filter((stop) => stop.checkVisibility());
    const [first, last] = [stops[0], stops[stops.length - 1]];
    if (!first) return;
    const leaving = event.shiftKey ? first : last;
    const inside = stops.includes(document.activeElement);
    if (document.activeElement !== leaving && (inside || !event.shiftKey)) return;
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  });
  dialog.addEventListener("close", () => {
    if (history.state?.confirming) history.back();
    form.querySelector("[data-confirm-button]").focus();
  });
  // The browser's own way back closes the dialog instead of leaving the checkout.
  addEventListener("popstate", () => dialog.open && dialog.close());
}

// ---- Beginning ----

function begin() {
  for (const fieldset of form.querySelectorAll("[data-keep=card]")) {
    if (!cards.has(fieldset)) cards.set(fieldset, new CardForm(fieldset, words()));
  }
  form.addEventListener("submit", confirmOrder);
  form.addEventListener("change", () => follow(form));
  watch(form);
  overhear(form.querySelector("[name=buyer_name]"), form.querySelector("[name=buyer_kana]"));
  followPostal(form);
  foldSummary(form);
  follow(form);
}

if (form) {
  begin();
  setUpDialog();
  onWidth(() => foldSummary(form));
  if (history.state?.confirming) history.replaceState(null, "");
  toSummary();
}
document.addEventListener("submit", placeOrder);
addEventListener("pageshow", (event) => {
  if (event.persisted) return location.reload();
  if (!form || performance.getEntriesByType("navigation")[0]?.type !== "back_forward") return;
  for (const each of cards.values()) each.wipeCode(); // the browser may have filled it again on the way back
  follow(form);
});
