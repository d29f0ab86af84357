// The pages of the 3-step cart. Each is a plain form; this adds verdicts on fields as they are left, sums that follow the
// choices, and – at STEP3 – the card token, without which no card can be charged.

import { CardForm } from "./card.js";
import { toSummary, watch } from "./fields.js";
import { overhear } from "./kana.js";
import { markSent } from "./place.js";
import { followPostal } from "./postal.js";
import { foldSummary, follow, followCard, onWidth } from "./totals.js";

const step = document.getElementById("checkout");
const order = document.getElementById("place");

if (step) {
  watch(step);
  foldSummary(step);
  onWidth(() => foldSummary(step));
  followPostal(step);
  const name = step.querySelector("[name=buyer_name]");
  if (name) overhear(name, step.querySelector("[name=buyer_kana]"));
  if (step.querySelector("[data-method]")) {
    step.addEventListener("change", () => follow(step));
    follow(step);
  }
}

if (order) {
  const words = JSON.parse(order.dataset.words);
  const fieldset = order.querySelector("[data-keep=card]");
  const card = fieldset && new CardForm(fieldset, words);
  followCard(order, true);
  order.addEventListener("change", () => followCard(order, true));
  order.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!order.dataset.sent) send(fieldset?.disabled ? null : card, words);
  });
}

let asking = false;

async function send(card, words) {
  if (asking || (card && !card.check())) return;
  if (card) {
    asking = true;
    tell(words.card);
    const made = await card.tokenise();
    asking = false;
    tell("");
    if (!made) return;
    CardForm.hand(order, made);
  }
  markSent(order);
  HTMLFormElement.prototype.submit.call(order);
}

const tell = (text) => {
  order.querySelector("[data-progress]").textContent = text;
};

toSummary();
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // what the browser kept may be ordered or refused by now
});
