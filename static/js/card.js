// The card form: tidies what is typed, checks it before anyone is called, asks the provider's script for a token.
// Card data lives in the inputs and in local variables only; nothing here stores, logs or posts it.

const HYPHENS = /[-‐‑‒–—―−－ー]/g;
const PARTS = ["number", "name", "expiry", "code"];
const BRANDS = [
  ["Visa", /^4/],
  ["Mastercard", /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/],
  ["JCB", /^35(2[89]|[3-8])/],
  ["American Express", /^3[47]/],
  ["Diners Club", /^3(0[0-5]|09|[689])/],
];

const narrow = (text) =>
  text.replace(/[！-～]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).replace(/\u3000/g, " ");
const compact = (text) => narrow(text).replace(HYPHENS, "").replace(/\s/g, "");
const onlyDigits = (text) => narrow(text).replace(/\D/g, "");

export const brandOf = (number) => BRANDS.find(([, start]) => start.test(number))?.[0] ?? "";

/** What the provider gets, in the widths and letters it asks for. */
export function normalised(raw) {
  const expiry = compact(raw.expiry).match(/^(?:(\d{2})\/?|(\d)\/)(?:20)?(\d{2})$/);
  return {
    number: compact(raw.number),
    name: narrow(raw.name).replace(/\s+/g, " ").trim().toUpperCase(),
    expiryMonth: expiry ? (expiry[1] ?? expiry[2]).padStart(2, "0") : "",
    expiryYear: expiry ? expiry[3] : "",
    code: compact(raw.code),
  };
}

function luhn(number) {
  let sum = 0;
  [...number].reverse().forEach((digit, position) => {
    const value = Number(digit) * (position % 2 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  });
  return sum % 10 === 0;
}

const CHECKS = {
  number(raw, card, words) {
    if (!card.number) return words.number_empty;
    if (!/^\d+$/.test(card.number)) return words.number_digits;
    if (card.number.length < 14 || card.number.length > 16) return words.number_short.replace("%s", card.number.length);
    return luhn(card.number) ? "" : words.number_wrong;
  },
  name(raw, card, words) {
    if (!card.name) return words.name_empty;
    if (!/^[A-Z ]+$/.test(card.name)) return words.name_letters;
    return card.name.length > 20 ? words.name_long : "";
  },
  expiry(raw, card, words, today) {
    if (!raw.expiry.trim()) return words.expiry_empty;
    const month = Number(card.expiryMonth);
    if (month < 1 || month > 12) return words.expiry_wrong;
    const firstDayAfter = new Date(2000 + Number(card.expiryYear), month, 1);
    return firstDayAfter <= today ? words.expiry_past : "";
  },
  code(raw, card, words) {
    if (!card.code) return words.code_empty;
    return /^\d{3,4}$/.test(card.code) ? "" : words.code_wrong;
  },
};

/** Number in the groups printed on the card. */
function groupNumber(digits) {
  const sizes = /^3[47]/.test(digits) ? [4, 6, 5] : [4, 4, 4, 4];
  const groups = [];
  let at = 0;
  for (const size of sizes) {
    if (at < digits.length) groups.push(digits.slice(at, at + size));
    at += size;
  }
  // A digit too many stays visible, so that the check can speak about it.
  return groups.join(" ") + digits.slice(at);
}

const slashed = (digits) => (digits.length > 2 ? `${digits.slice(0, 2)}/${digits.slice(2)}` : digits);

/** Rewrite a field in its printed form and keep the caret behind the same digit. */
function reformat(input, shape) {
  const wanted = shape(onlyDigits(input.value));
  if (wanted === input.value) return;
  let before = onlyDigits(input.value.slice(0, input.selectionStart)).length;
  input.value = wanted;
  let caret = 0;
  while (before > 0 && caret < wanted.length) if (/\d/.test(wanted[caret++])) before -= 1;
  if (document.activeElement === input) input.setSelectionRange(caret, caret);
}

/** One card form on the page: its inputs, its messages, and the token it has made. */
export class CardForm {
  /** How long an unused token is trusted; the buyer may have gone back to correct an address. */
  static TOKEN_LIFE = 10 * 60 * 1000;

  constructor(fieldset, words) {
    this.fieldset = fieldset;
    this.words = words;
    this.inputs = Object.fromEntries(PARTS.map((part) => [part, fieldset.querySelector(`[data-card="${part}"]`)]));
    this.brand = fieldset.querySelector("[data-card-brand]");
    this.problem = fieldset.querySelector("[data-card-error]");
    this.token = null;
    for (const part of PARTS) this.#listen(part);
    this.#show();
  }

  #listen(part) {
    const input = this.inputs[part];
    input.addEventListener("input", (event) => {
      this.#forgetToken();
      if (event.isComposing) return; // an input method is still at work
      this.#shape(part);
      if (input.getAttribute("aria-invalid") === "true" && !this.#fault(part)) this.#mark(part, "");
    });
    input.addEventListener("compositionend", () => this.#shape(part));
    input.addEventListener("blur", () => {
      if (part === "name") input.value = normalised(this.#raw()).name || input.value;
      if (input.value) this.#mark(part, this.#fault(part));
    });
  }

  #shape(part) {
    const value = this.inputs[part].value;
    // Letters stay as they are: taking them away would hide the mistake instead of naming it.
    if (part === "number" && /^\d*$/.test(compact(value))) reformat(this.inputs.number, groupNumber);
    if (part === "expiry" && /^\d{0,4}$/.test(onlyDigits(value)) && /^[\d/]*$/.test(compact(value)) && !/^\d\//.test(value))
      reformat(this.inputs.expiry, slashed);
    this.#show();
  }

  #show() {
    const brand = brandOf(compact(this.inputs.number.value));
    this.brand.textContent = brand;
    this.brand.hidden = !brand;
  }

  #raw() {
    return Object.fromEntries(PARTS.map((part) => [part, this.inputs[part].value]));
  }

  #fault(part) {
    const raw = this.#raw();
    return CHECKS[part](raw, normalised(raw), this.words, new Date());
  }

  #mark(part, message) {
    const input = this.inputs[part];
    const slot = document.getElementById(`${input.id}-error`);
    input.setAttribute("aria-invalid", message ? "true" : "false");
    slot.lastElementChild.textContent = message;
    slot.hidden = !message;
  }

  #forgetToken() {
    this.token = null;
    this.inputs.code.placeholder = "";
    this.problem.hidden = true;
  }

  /** Empty the security code: it is needed once and kept by nobody (T-096). */
  wipeCode() {
    this.inputs.code.value = "";
    this.inputs.code.placeholder = this.#fresh() ? this.words.code_kept : "";
  }

  #fresh() {
    return this.token !== null && Date.now() - this.token.madeAt < CardForm.TOKEN_LIFE && (this.token.links || !this.#links());
  }

  /** Whether this card is to be kept for the next order: that takes a token of its own, for one dies with its first use. */
  #links() {
    const panel = this.fieldset.closest("[data-card-panel]");
    switch (panel?.dataset.link) {
      case "always": return true;
      case "ask": return panel.querySelector("[name=keep_card]").checked;
      case "register": return document.querySelector("[name=register_member]")?.checked ?? false;
      default: return false;
    }
  }

  /** Check all fields, say what is wrong beside each, lead to the first. True when all is well. */
  check() {
    if (this.#fresh()) return true;
    this.#forgetToken();
    const faults = PARTS.map((part) => [part, this.#fault(part)]);
    for (const [part, message] of faults) this.#mark(part, message);
    const first = faults.find(([, message]) => message);
    if (first) this.inputs[first[0]].focus();
    return !first;
  }

  /** Tokens for the checked card: `{token, linkToken, brand, shown}`, or null with the reason told beside the card. Without a
   * second one the order goes on, and no card is linked: linking never stands in the way of an order. */
  async tokenise() {
    if (this.#fresh()) return this.token;
    const card = normalised(this.#raw());
    const { scriptUrl, moduleUrl, messages, defaultMessage } = this.fieldset.dataset;
    const links = this.#links();
    let result;
    let second;
    try {
      if (scriptUrl) await loadScript(scriptUrl);
      const { createToken } = await import(moduleUrl);
      const make = (patience) => inTime(patience, createToken(JSON.parse(this.fieldset.dataset.public), card));
      result = await make(30_000);
      if (result.ok && links) second = await make(10_000).catch(() => null);
    } catch {
      this.explain(this.words.card_script);
      return null;
    }
    if (!result.ok) {
      const known = new Map(Object.entries(JSON.parse(messages))); // a code of "constructor" is in no map
      this.explain(known.get(result.code) ?? defaultMessage);
      return null;
    }
    const brand = result.brand || brandOf(card.number);
    this.token = {
      token: result.token,
      linkToken: second?.ok ? second.token : "",
      links,
      brand,
      shown: `${brand} ${this.words.last_four.replace("####", card.number.slice(-4))}`.trim(),
      madeAt: Date.now(),
    };
    this.wipeCode();
    return this.token;
  }

  /** Put what was made into the hidden fields of the form that orders. */
  static hand(order, made) {
    for (const [name, value] of [["card_token", made.token], ["link_token", made.linkToken], ["card_brand", made.linkToken && made.brand]]) {
      order.querySelector(`[name=${name}]`).value = value;
    }
  }

  /** Say beside the card why it was not accepted. */
  explain(message) {
    this.problem.lastElementChild.textContent = message;
    this.problem.hidden = false;
    this.problem.focus();
  }
}

/** A provider's script that never answers must not keep the buyer waiting for ever. */
function inTime(patience, answer) {
  const late = new Promise((_, reject) => setTimeout(reject, patience, new Error("late")));
  return Promise.race([answer, late]);
}

const scripts = new Map();

function loadScript(address) {
  if (!scripts.has(address)) {
    const loaded = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => {
        scripts.delete(address); // the next press tries again
        script.remove();
        reject(new Error("script"));
      });
      document.head.append(script);
    });
    scripts.set(address, loaded);
  }
  return scripts.get(address);
}
