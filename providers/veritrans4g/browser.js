// Card tokens by the provider's token server, asked directly: it takes the card from the page and gives a token.
// createToken(publicValues, card) -> {ok: true, token, masked} | {ok: false, code}

export async function createToken(publicValues, card) {
  try {
    const answer = await fetch(publicValues.token_url, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json; charset=utf-8" },
      credentials: "omit",
      body: JSON.stringify({
        card_number: card.number,
        card_expire: `${card.expiryMonth}/${card.expiryYear}`,
        security_code: card.code,
        cardholder_name: card.name,
        token_api_key: publicValues.token_api_key,
        lang: "ja",
      }),
    });
    const told = await answer.json();
    return told.status === "success" && told.token
      ? { ok: true, token: told.token, masked: told.req_card_number }
      : { ok: false, code: String(told.code ?? "") };
  } catch {
    return { ok: false, code: "no_answer" };
  }
}
