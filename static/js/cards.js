// ご登録クレジットカード管理: the card token, without which no card can be registered, and the question before 「削除」 as a dialog.

import { CardForm } from "./card.js";

const form = document.getElementById("card");
const dialog = document.getElementById("remove");
let sent = false;

async function register(card, words) {
  if (sent || !card.check()) return;
  sent = true;
  form.querySelector("[data-progress]").textContent = words.card;
  const made = await card.tokenise();
  if (made) {
    form.querySelector("[name=card_token]").value = made.token;
    form.querySelector("[name=card_brand]").value = made.brand;
    return HTMLFormElement.prototype.submit.call(form);
  }
  sent = false;
  form.querySelector("[data-progress]").textContent = "";
}

if (form) {
  const words = JSON.parse(form.dataset.words);
  const fieldset = form.querySelector("[data-keep=card]");
  const card = new CardForm(fieldset, words);
  fieldset.disabled = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    register(card, words);
  });
}

if (dialog) {
  document.querySelector("[data-ask=remove]").addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.showModal();
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
}
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // a token is used up, a card may be another one by now
});
