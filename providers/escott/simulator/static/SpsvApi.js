/* The practice world's token script: the provider's JavaScript interface, our own code.
 *
 * <script src=".../euser/stn/CdGetJavaScript.do?k_TokenNinsyoCode=..." callBackFunc="setToken" class="spsvToken">
 * SpsvApi.spsvCreateToken(cardNo, expYY, expMM, secCd, birthMM, birthDD, tel4, kanaSei, kanaMei)
 *
 * The global function that the tag names is called with (token, masked card number). Where there is no token the
 * script shows its own message and both are empty.
 */
(function () {
  "use strict";

  var MESSAGES = {
    K20: "カード番号を正しく入力してください。",
    K21: "有効期限を正しく入力してください。",
    K24: "セキュリティコードを正しく入力してください。"
  };
  var NO_TOKEN = "カード情報を処理できませんでした。";

  // Looked up at each call, as a page may change the tag's callBackFunc after it was loaded.
  function ownTag() {
    return document.querySelector("script.spsvToken");
  }

  function finish(token, card) {
    var callback = window[ownTag().getAttribute("callBackFunc")];
    if (typeof callback === "function") {
      callback(token, card);
    }
  }

  function refuse(codes) {
    window.alert(MESSAGES[codes.split("|")[0]] || NO_TOKEN + (codes ? "（" + codes + "）" : ""));
    finish("", "");
  }

  window.SpsvApi = {
    spsvCreateToken: function (cardNo, expYY, expMM, secCd, birthMM, birthDD, tel4, kanaSei, kanaMei) {
      var source = new URL(ownTag().src);
      var body = new URLSearchParams({
        k_TokenNinsyoCode: source.searchParams.get("k_TokenNinsyoCode") || "",
        cardNo: cardNo || "",
        expYY: expYY || "",
        expMM: expMM || "",
        secCd: secCd || "",
        birthMM: birthMM || "",
        birthDD: birthDD || "",
        tel4: tel4 || "",
        kanaSei: kanaSei || "",
        kanaMei: kanaMei || ""
      });
      fetch(new URL("CreateToken.do", source).href, { method: "POST", body: body, mode: "cors", credentials: "omit" })
        .then(function (answer) {
          if (!answer.ok) {
            throw new Error("HTTP " + answer.status);
          }
          return answer.json();
        })
        .catch(function () {
          return { token: "", codes: "" };
        })
        .then(function (answer) {
          if (answer.token) {
            finish(answer.token, answer.card);
          } else {
            refuse(answer.codes || "");
          }
        });
    }
  };
})();
