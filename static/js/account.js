// Pages about the account: verdicts on fields as they are left, a refused form that begins at its summary, passwords to be read.

import { toSummary, watch } from "./fields.js";
import "./passwords.js";

const form = document.querySelector("form[data-check]");
if (form) watch(form);
toSummary();
