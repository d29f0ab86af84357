// Choices that follow each other and sums that follow the choices, on the one-page checkout and at STEP2. The server
// reckons everything again.

const wide = matchMedia("(min-width: 60rem)");
const checked = (form, name) => form.querySelector(`input[name="${name}"]:checked`);
const word = (form) => JSON.parse(form.dataset.words).apart;

/** Make methods, card form and sums fit what is chosen in `form`. */
export function follow(form) {
  showPrices(form);
  const delivery = checked(form, "delivery_id");
  const apart = isApart(form, delivery);
  if (delivery) offerMethods(form, (apart ? delivery.dataset.methodsApart : delivery.dataset.methods).split(" "));
  const method = checked(form, "payment_method_id");
  for (const place of form.querySelectorAll("[data-method]")) followCard(place, place.dataset.method === method?.value);
  const unknown = { shipping: apart, fee: method?.dataset.feeApart !== undefined };
  showSums(form, apart ? 0 : Number(delivery?.dataset.fee), Number(method?.dataset.fee ?? 0), unknown);
}

/** What goes with a card is there for the method that is chosen; the card form only where no linked card pays. */
export function followCard(place, chosen) {
  const fieldset = place.querySelector("[data-keep=card]");
  if (!fieldset) return;
  const sources = [...place.querySelectorAll("[name=card_source]")];
  for (const control of place.querySelectorAll("[name=installments], [name=keep_card], [name=card_source]")) control.disabled = !chosen;
  if (chosen && sources.length && !sources.some((source) => source.checked)) sources[0].checked = true;
  fieldset.hidden = sources.some((source) => source.checked && source.value === "stored");
  fieldset.disabled = !chosen || fieldset.hidden;
}

/** Whether shipping to where the goods go is 別途連絡 with this delivery. */
function isApart(form, delivery) {
  const prefecture = form.dataset.prefecture ?? typedPrefecture(form);
  return prefecture !== "" && (delivery?.dataset.apart ?? "").split(" ").includes(prefecture);
}

function typedPrefecture(form) {
  const ship = checked(form, "ship_to");
  if (ship.dataset.prefecture) return ship.dataset.prefecture;
  const name = ship.value === "other" ? "ship_prefecture" : "prefecture";
  return form.querySelector(`[name="${name}"]`).value;
}

/** Only methods that go with the delivery are offered. */
function offerMethods(form, paired) {
  const offered = [];
  for (const place of form.querySelectorAll("[data-method]")) {
    const radio = place.querySelector("input[name=payment_method_id]");
    const fits = paired.includes(place.dataset.method);
    place.hidden = radio.disabled = !fits;
    if (fits) offered.push(radio);
    else radio.checked = false;
  }
  if (offered.length === 1) offered[0].checked = true;
}

function showPrices(form) {
  for (const delivery of form.querySelectorAll("input[name=delivery_id]")) {
    const price = isApart(form, delivery) ? word(form) : amount(form, Number(delivery.dataset.fee));
    delivery.closest(".choice").querySelector("[data-price]").textContent = price;
  }
}

const amount = (form, yen) => form.dataset.amount.replace("{amount}", yen.toLocaleString("ja-JP"));

/** `unknown`: which parts are 別途連絡, and so 0 in the total. */
function showSums(form, shipping, fee, unknown) {
  if (Number.isNaN(shipping)) return;
  const { goods, standardGoods } = form.dataset;
  const sums = { shipping, fee, total: Number(goods) + shipping + fee, "rate-10": Number(standardGoods) + shipping + fee };
  for (const [name, yen] of Object.entries(sums)) {
    for (const place of form.querySelectorAll(`[data-sum="${name}"]`)) {
      place.textContent = unknown[name] ? word(form) : amount(form, yen);
      if (name === "rate-10") place.parentElement.hidden = yen === 0;
    }
  }
  for (const place of form.querySelectorAll("[data-when-apart]")) place.hidden = !unknown.shipping;
  for (const place of form.querySelectorAll("[data-when-fee-apart]")) place.hidden = !unknown.fee;
}

/** On a phone the goods are folded away – unless one of them cannot be had as ordered. */
export function foldSummary(form) {
  const summary = form.querySelector("[data-summary]");
  if (summary) summary.open = wide.matches || form.querySelector(".sum-lines .field-error") !== null;
}

/** Call `fold` whenever the page becomes wide or narrow. */
export const onWidth = (fold) => wide.addEventListener("change", fold);
