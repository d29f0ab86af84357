// Forms of マイページ with an address: verdicts on fields as they are left, the look-up of postal codes, the reading of a name.

import { toSummary, watch } from "./fields.js";
import { overhear } from "./kana.js";
import { followPostal } from "./postal.js";

const form = document.querySelector("form[data-check]");
watch(form);
followPostal(form);
const name = form.querySelector("[name=buyer_name]");
if (name) overhear(name, form.querySelector("[name=buyer_kana]"));
toSummary();
