"""The browser's way back to the shop (protocol §9.5), and what can be spoiled about it:

============  =======================================================================================================
never         the provider shows an error page; the outcome stands and is pushed
twice         the provider sends the same return itself, without cookies, before the browser comes
bent_hash     vAuthInfo with another last digit
relabelled    failure shown as success under a hash that matches: names of the list are exchanged
dropped_name  the failing values go under names that nobody knows, the real names are no more signed
shifted       a digit moves from the card number to the amount beside it; the hash still matches
replayed      the genuine return of an older order
no_authparams the list of signed names is missing
bent_amount   another amount under the hash of the true one
============  =======================================================================================================
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from providers.sandbox.outgoing import call_shop
from providers.veritrans4g.simulator.ledger import Ledger
from providers.veritrans4g.simulator.orders import FAILURE, SUCCESS
from providers.veritrans4g.simulator.records import Merchant, Order
from providers.veritrans4g.simulator.threeds import outcome_fields

#: Signed names in the order of the list. OURS: the protocol gives the form of the list and examples, no fixed set.
SIGNED = (
    "RequestId", "OrderId", "mpiMstatus", "cardMstatus", "vResultCode", "reqAmount", "reqCardNumber", "authCode",
)  # fmt: skip

TROUBLES = (
    "never", "twice", "bent_hash", "relabelled", "dropped_name", "shifted", "replayed", "no_authparams", "bent_amount",
)  # fmt: skip

WITHOUT_DETAILS, WITH_DETAILS, BY_GET = "0", "1", "2"


def encode_names(names: list[str]) -> str:
    """Base64 in the provider's own alphabet."""
    plain = base64.b64encode(",".join(names).encode()).decode()
    return plain.translate(str.maketrans("=/+", "*-_"))


def sign(merchant: Merchant, values: list[str]) -> str:
    return hashlib.sha256("".join([merchant.merchant_ccid, *values, merchant.merchant_key]).encode()).hexdigest()


def genuine(merchant: Merchant, order: Order) -> dict[str, str]:
    """What the browser carries back."""
    fields = {"RequestId": order.request_id, "OrderId": order.order_id}
    if order.result_link != WITH_DETAILS:
        return fields
    fields |= {
        "mpiMstatus": order.mpi_mstatus,
        "vResultCode": order.mpi_code,
        "reqAmount": str(order.requested),
        "reqCardNumber": order.masked,
        "reqCurrencyUnit": "jpy",
        "tradUrl": "",
    } | outcome_fields(order)
    names = [name for name in SIGNED if name in fields]
    return _signed(fields, names, sign(merchant, [fields[name] for name in names]))


def _signed(fields: dict[str, str], names: list[str], digest: str) -> dict[str, str]:
    return fields | {"authParams": encode_names(names), "vAuthInfo": digest}


class Returns:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def fields(self, merchant: Merchant, order: Order, trouble: str) -> dict[str, str]:
        """The fields of the way back, spoiled as asked for; the genuine ones are kept to be replayed one day."""
        fields = genuine(merchant, order)
        self._ledger.save(replace(order, returned=json.dumps(fields), returns=order.returns + 1))
        if trouble == "replayed":
            return self._older(order) or fields
        return spoiled(fields, trouble) if "vAuthInfo" in fields else fields

    def _older(self, order: Order) -> dict[str, str] | None:
        older = self._ledger.one(
            Order,
            "merchant_ccid = ? AND handle <> ? AND returned <> '' AND card_mstatus IN ('success', '')"
            " ORDER BY card_mstatus = 'success' DESC, CAST(handle AS INTEGER) DESC LIMIT 1",
            order.merchant_ccid,
            order.handle,
        )
        fields: dict[str, str] | None = json.loads(older.returned) if older else None
        return fields


def spoiled(fields: dict[str, str], trouble: str) -> dict[str, str]:
    """Genuine fields as somebody without the key may have changed them."""
    digest = fields["vAuthInfo"]
    names = [name for name in SIGNED if name in fields]
    if trouble == "bent_hash":
        return fields | {"vAuthInfo": digest[:-1] + ("0" if digest[-1] != "0" else "1")}
    if trouble == "no_authparams":
        return {name: value for name, value in fields.items() if name != "authParams"}
    if trouble == "bent_amount":
        return fields | {"reqAmount": str(int(fields["reqAmount"]) + 1)}
    if trouble == "shifted":
        moved, rest = fields["reqCardNumber"][:1], fields["reqCardNumber"][1:]
        return fields | {"reqAmount": fields["reqAmount"] + moved, "reqCardNumber": rest}
    if trouble == "relabelled":
        return _relabelled(fields, names, digest)
    if trouble == "dropped_name":
        return _renamed(fields, names, digest, "x")
    return fields


def _relabelled(fields: dict[str, str], names: list[str], digest: str) -> dict[str, str]:
    """With a refused card the two outcomes change places; where 3-D Secure failed, its outcome goes under another known name."""
    if (fields["mpiMstatus"], fields.get("cardMstatus")) != (SUCCESS, FAILURE):
        return _renamed(fields, names, digest, "tradUrl") if fields["mpiMstatus"] == FAILURE else fields
    other = {"mpiMstatus": "cardMstatus", "cardMstatus": "mpiMstatus"}
    swapped = {other.get(name, name): fields[name] for name in names}
    return _signed(fields | swapped, [other.get(name, name) for name in names], digest)


def _renamed(fields: dict[str, str], names: list[str], digest: str, alias: str) -> dict[str, str]:
    """Every failing value under an alias; what is then free says success. An empty signed value is simply left out."""
    aliases: dict[str, Any] = {}
    for name in ("mpiMstatus", "cardMstatus"):
        if fields.get(name) == FAILURE:
            aliases[name] = alias
    listed = [
        aliases.get(name, name) for name in names if not (name == "cardMstatus" and not fields.get(name))
    ]
    free = {"mpiMstatus": SUCCESS, "cardMstatus": SUCCESS}
    return _signed(fields | free | ({alias: FAILURE} if aliases else {}), listed, digest)


def with_query(address: str, fields: dict[str, str]) -> str:
    return address + ("&" if "?" in address else "?") + urlencode(fields)


def return_early(order: Order, fields: dict[str, str]) -> None:
    """The way back without a browser, whatever the shop says."""
    if order.result_link == BY_GET:
        call_shop("GET", with_query(order.redirect_uri, fields))
    else:
        call_shop("POST", order.redirect_uri, data=fields)
