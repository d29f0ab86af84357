/* The practice world's token script: the provider's JavaScript interface, our own code.
 *
 * new PaygentToken().createToken(merchantId, tokenGenerateKey, card, callback)
 * new PaygentToken().createCvcToken(merchantId, tokenGenerateKey, {cvc: "…"}, callback)
 *
 * The callback gets {result, tokenizedCardObject, hc}; result "0000" is success.
 */
(function () {
  "use strict";

  // Only known while the script loads: the token address is on the origin the script came from.
  var tokenUrl = new URL("../n/token/request", document.currentScript.src).href;

  var UNSUPPORTED_BROWSER = "7000";
  var NO_CONNECTION = "7001";

  function PaygentToken() {
    this.URL = tokenUrl;
  }

  function ask(url, fields, callback) {
    if (typeof fetch !== "function" || typeof URLSearchParams !== "function") {
      callback({ result: UNSUPPORTED_BROWSER });
      return;
    }
    var body = new URLSearchParams();
    Object.keys(fields).forEach(function (name) {
      body.set(name, fields[name] === undefined || fields[name] === null ? "" : String(fields[name]));
    });
    fetch(url, { method: "POST", body: body, mode: "cors", credentials: "omit" })
      .then(function (answer) {
        if (!answer.ok) {
          throw new Error("HTTP " + answer.status);
        }
        return answer.json();
      })
      .catch(function () {
        return { result: NO_CONNECTION };
      })
      .then(callback);
  }

  PaygentToken.prototype.createToken = function (merchantId, tokenGenerateKey, card, callback) {
    ask(
      this.URL,
      {
        merchant_id: merchantId,
        token_generate_key: tokenGenerateKey,
        card_number: card.card_number,
        card_expire_year: card.expire_year,
        card_expire_month: card.expire_month,
        card_cvc: card.cvc,
        card_name: card.name
      },
      callback
    );
  };

  PaygentToken.prototype.createCvcToken = function (merchantId, tokenGenerateKey, card, callback) {
    ask(
      this.URL,
      {
        merchant_id: merchantId,
        token_generate_key: tokenGenerateKey,
        card_cvc: card.cvc,
        cvc_only_flg: "1"
      },
      callback
    );
  };

  window.PaygentToken = PaygentToken;
})();
