"""The way to the card issuer's page and back. Neither address needs the session: returns come from another site."""

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from shop.core import db
from shop.core.i18n import gettext as _
from shop.orders import holds
from shop.orders.models import Order
from shop.payments import executor, hop, reconcile
from shop.payments.engine import Busy
from shop.payments.models import PaymentOperation
from shop.web import attempt

blueprint = Blueprint("hop", __name__)

#: The only page with scripts of somebody else's writing (decision 19). Sandboxed, it has none of our origin's rights.
_SANDBOX = "sandbox allow-scripts allow-forms; script-src 'unsafe-inline'; frame-ancestors 'none'"
_MAX_FIELDS = 40
#: Whose buyer nobody waits for. Where the provider decides by itself, one who comes all the same may have paid there.
_NOT_EXPECTED = ("unknown", "absent", "declined")


@blueprint.get("/pay/h/<public_id>/<token>")
def leave(public_id: str, token: str) -> ResponseReturnValue:
    """The provider's page that leads to the issuer, byte by byte. Who has been there already is shown the result."""
    order_id = _operation(public_id, token).payment.order_id
    parked = _parked(public_id, order_id)
    if parked is None:
        return redirect(url_for("hop.come_back", public_id=public_id, token=token), 303)
    if parked.url:
        # Not a redirect: a browser would take it for the end of the form on the page before, which may lead nowhere else.
        response = Response(render_template("shop/payment_leave.html", url=parked.url))
        response.headers["Refresh"] = f"0; url={parked.url}"
    else:
        response = Response(parked.html.encode(), content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = _SANDBOX
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/pay/r/<public_id>/<token>")
def come_back(public_id: str, token: str) -> ResponseReturnValue:
    """The return, with what the provider adds to the address – or, without that, what became of the attempt."""
    return _returned(public_id, token, request.args)


@blueprint.post("/pay/r/<public_id>/<token>")
def sent_back(public_id: str, token: str) -> ResponseReturnValue:
    """The same from providers that send their buyers back with a form. It comes from their page, so it has no token of ours, and no
    cookies either: whose browser it is shows at the address it goes on to."""
    return _returned(public_id, token, request.form)


def _returned(public_id: str, token: str, brought: MultiDict[str, str]) -> ResponseReturnValue:
    operation = _operation(public_id, token)
    order_id = operation.payment.order_id
    unexpected = operation.state in _NOT_EXPECTED and reconcile.decided_elsewhere(operation)
    parked = _parked(public_id, order_id)
    if brought and unexpected:
        attempt.ask(db.db.session.get_one(Order, order_id))
    if brought and parked is not None:
        fields = list(brought.items(multi=True))[:_MAX_FIELDS]
        reading = hop.read(parked, fields)
        if not reading.genuine:
            current_app.logger.warning("return refused", extra={"reason": reading.reason})
            flash(_not_believed(parked), "pending")
            return _result(order_id, public_id, token)
        try:
            with executor.reserve() as slot:
                hop.resume(parked, fields, slot)
        except Busy:  # the same address again in a moment: nothing was lost, nothing was done
            return render_template("shop/payment_busy.html"), 503, {"Refresh": "3", "Retry-After": "3"}
    return _result(order_id, public_id, token)


def _not_believed(parked: hop.Parked) -> str:
    """What is said of a return that is not genuine. Where the provider decides by itself it may have been damaged on its way from
    a payment that stands."""
    operation = db.db.session.get_one(PaymentOperation, parked.operation_id)
    if reconcile.decided_elsewhere(operation):
        return _("本人認証の結果を確認できませんでした。「決済状況を確認する」を押してください。もう一度注文する必要はありません。")
    return _("本人認証の結果を確認できませんでした。請求はされていません。")


def _parked(public_id: str, order_id: int) -> hop.Parked | None:
    """The way of a buyer who is still expected. Past the hold's time nothing is charged any more (R-164), also when the
    job that ends holds has not come by yet."""
    parked = hop.parked(db.db.session(), public_id)
    return None if parked and holds.end_if_over(order_id) else parked


def _operation(public_id: str, token: str) -> PaymentOperation:
    """404 unless the token was made for this operation: nobody learns which ids exist."""
    operation = hop.operation(db.db.session(), public_id) if hop.fits(public_id, token) else None
    return operation or abort(404)


def _result(order_id: int, public_id: str, token: str) -> ResponseReturnValue:
    """On to where this browser's attempt stands. A browser that did not order sees the outcome, and nothing personal."""
    if session.get("attempt") == order_id:
        return redirect(attempt.onward(order_id), 303)
    if request.args or request.method == "POST":
        return redirect(url_for("hop.come_back", public_id=public_id, token=token), 303)
    order = db.db.session.get_one(Order, order_id, populate_existing=True)
    refused = attempt.refusal(order) if order.state == "lapsed" else None
    response = Response(render_template("shop/payment_returned.html", order=order, refused=refused))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
