// Card tokens by the provider's script. It finds its own tag by a class, and calls the function that the tag names – one for all calls,
// without a word about which call it answers. A token of another card than the one that was typed would charge that other card.
// createToken(publicValues, card) -> {ok: true, token, masked} | {ok: false, code}

/** What the tag names while the script loads; each call then puts a name of its own there, for scripts that read it later. */
const CALLBACK = "takeCardToken";
/** Less than the form waits for: a script that shows its own message and never calls back is no broken line. */
const PATIENCE = 20_000;
const NO_TOKEN = { ok: false, code: "no_token" };

let loading = null;
let calls = 0;
let waiting = null; // the call whose answer is awaited
let late = 0; // answers of given-up calls that may still come

function load(publicValues) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = publicValues.script_url;
    script.className = "spsvToken";
    script.setAttribute("callBackFunc", CALLBACK);
    window[CALLBACK] = (token, masked) => take(waiting, token, masked);
    script.addEventListener("load", () => resolve(script));
    script.addEventListener("error", () => {
      script.remove();
      loading = null;
      reject(new Error("the provider's script did not load"));
    });
    document.head.append(script);
  });
  return loading;
}

/** Whether the digits that a mask leaves readable, first and last ones, are those of this number. */
function fits(masked, number) {
  const shown = String(masked ?? "").replace(/[\s-]/g, "");
  return number.startsWith(shown.match(/^\d*/)[0]) && number.endsWith(shown.match(/\d*$/)[0]);
}

function take(call, token, masked) {
  if (!call || call !== waiting) {
    late = Math.max(0, late - 1);
    return;
  }
  const own = token && fits(masked, call.number);
  if (token && !own && late > 0) late -= 1;
  else finish(own ? { ok: true, token, masked } : NO_TOKEN);
}

function finish(result) {
  const { resolve, timer } = waiting;
  waiting = null;
  clearTimeout(timer);
  resolve(result);
}

function giveUp() {
  if (!waiting) return;
  late += 1;
  finish(NO_TOKEN);
}

export async function createToken(publicValues, card) {
  let script;
  try {
    script = await load(publicValues);
  } catch {
    return { ok: false, code: "no_script" };
  }
  if (typeof window.SpsvApi?.spsvCreateToken !== "function") return { ok: false, code: "no_script" };
  giveUp();
  return new Promise((resolve) => {
    const call = { number: card.number, resolve, timer: setTimeout(giveUp, PATIENCE) };
    const name = `${CALLBACK}${(calls += 1)}`;
    waiting = call;
    window[name] = (token, masked) => take(call, token, masked);
    script.setAttribute("callBackFunc", name);
    window.SpsvApi.spsvCreateToken(card.number, card.expiryYear, card.expiryMonth, card.code, "", "", "", "", "");
  });
}
