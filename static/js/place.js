// 「注文する」: once pressed it is on its way – no second press, no way back, and a word about what happens. The server is
// what protects; this only tells.

/** Let `order` look sent; false when it was already. */
export function markSent(order) {
  if (order.dataset.sent) return false;
  order.dataset.sent = "yes";
  order.querySelector("[data-place-button]").disabled = true;
  order.querySelector("[data-back]").hidden = true;
  order.querySelector("[data-progress]").textContent = order.dataset.working;
  return true;
}
