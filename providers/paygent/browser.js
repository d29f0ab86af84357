// Card tokens by Paygent's script. Same signature for every provider:
// createToken(publicValues, card) -> {ok: true, token, masked} | {ok: false, code}

export function createToken(publicValues, card) {
  return new Promise((resolve) => {
    if (typeof window.PaygentToken !== "function") {
      resolve({ ok: false, code: "7001" });
      return;
    }
    const fields = {
      card_number: card.number,
      expire_year: card.expiryYear,
      expire_month: card.expiryMonth,
      cvc: card.code,
      name: card.name,
    };
    new window.PaygentToken().createToken(
      publicValues.merchant_id,
      publicValues.token_generate_key,
      fields,
      (answer) => {
        const made = answer.tokenizedCardObject;
        resolve(
          answer.result === "0000" && made
            ? { ok: true, token: made.token, masked: made.masked_card_number }
            : { ok: false, code: answer.result },
        );
      },
    );
  });
}
