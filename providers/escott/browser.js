// Card tokens by the provider's script. It finds its own tag by a class, and calls the function that the tag names.
// createToken(publicValues, card) -> {ok: true, token, masked} | {ok: false, code}

const CALLBACK = "takeCardToken";
let loading = null;

function load(publicValues) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = publicValues.script_url;
    script.className = "spsvToken";
    script.setAttribute("callBackFunc", CALLBACK);
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => {
      script.remove();
      loading = null;
      reject(new Error("the provider's script did not load"));
    });
    document.head.append(script);
  });
  return loading;
}

export async function createToken(publicValues, card) {
  try {
    await load(publicValues);
  } catch {
    return { ok: false, code: "no_script" };
  }
  if (typeof window.SpsvApi?.spsvCreateToken !== "function") return { ok: false, code: "no_script" };
  return new Promise((resolve) => {
    window[CALLBACK] = (token, masked) => resolve(token ? { ok: true, token, masked } : { ok: false, code: "no_token" });
    window.SpsvApi.spsvCreateToken(card.number, card.expiryYear, card.expiryMonth, card.code, "", "", "", "", "");
  });
}
