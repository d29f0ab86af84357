"""What to do with an order, by its payment and the list it is filed in – the 3×3 table of the shop guide (001 §7-3, R-183)."""

from admin import words
from admin.words import Word
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.payments.actions import Panel

#: Tone ``bad`` = 注意: payment and list contradict each other.
_TABLE = {
    ("yellow-1", "open"): Word(
        lazy_gettext("「売上確定」を押下し、売上確定処理を行ってください。キャンセルの場合には、「キャンセル」を押下してください。"), "todo"
    ),
    ("yellow-1", "completed"): Word(
        lazy_gettext("取引が正常に終了している場合には、「売上確定」を押下し、売上確定処理を行ってください。売上確定処理が未完了の場合には、%(provider)sから精算されません。"), "bad"
    ),
    ("yellow-1", "cancelled"): Word(
        lazy_gettext("お取引がキャンセルとなっている状態であれば、「キャンセル」を押下して決済のキャンセルを行ってください。"), "todo"
    ),
    ("yellow-2", "open"): Word(lazy_gettext("お取引完了後、受注完了処理を行ってください。"), "todo"),
    ("yellow-2", "completed"): Word(lazy_gettext("お取引に必要な作業が全て完了している正常な状態です。"), "good"),
    ("yellow-2", "cancelled"): Word(
        lazy_gettext("売上確定の受注データがキャンセル一覧にあるというちぐはぐの状態です。このままの状態だと注文者に請求があがってしまいます。キャンセルの場合には「キャンセル」を押下し、念のため%(console)sでもキャンセルで一致したことを確認してください。"), "bad"
    ),
    ("yellow-3", "open"): Word(lazy_gettext("受注キャンセル処理を行ってください。"), "todo"),
    ("yellow-3", "completed"): Word(
        lazy_gettext("キャンセルした受注なのに完了一覧にあるというちぐはぐの状態です。「受注キャンセル一覧へ移動」を押下してください。"), "bad"
    ),
    ("yellow-3", "cancelled"): Word(
        lazy_gettext("お取引自体がキャンセルされている正常な状態です。ショップ様での作業はありません。"), "good"
    ),
}  # fmt: skip

#: Instead of the table, once an authorization has run out. The guide says only that it does after sixty days (7-2-4).
_EXPIRED = {
    "open": Word(
        lazy_gettext("オーソリの有効期限が過ぎたため、売上確定はできません。代金を別の方法で受け取るか、受注キャンセル処理を行ってください。"), "bad"
    ),
    "completed": Word(
        lazy_gettext("オーソリの有効期限が過ぎたため、売上確定はできず、%(provider)sから精算されません。代金は別の方法で受け取ってください。"), "bad"
    ),
    "cancelled": Word(lazy_gettext("オーソリの有効期限が過ぎています。注文者への請求はなく、ショップ様での作業はありません。"), "good"),
}  # fmt: skip


#: Instead of the table, of a payment that only people have found.
_CONSOLE_ONLY = Word(
    lazy_gettext("決済会社の返事が届かず、管理画面で確認された決済です。売上確定やキャンセルは、%(console)sで行ってください。"), "todo"
)

#: The press each sentence asks for: a verb of the payment box, or the list to move the order to.
_STEPS = {
    ("yellow-1", "open"): "capture", ("yellow-1", "completed"): "capture", ("yellow-1", "cancelled"): "cancel",
    ("yellow-2", "open"): "completed", ("yellow-2", "cancelled"): "cancel",
    ("yellow-3", "open"): "cancelled", ("yellow-3", "completed"): "cancelled",
}  # fmt: skip


def step(panel: Panel, filed: str) -> str:
    """What comes next: a verb that can be pressed now, or a list to move to. Empty when there is nothing to do here."""
    if panel.open_operation is not None or panel.expired:
        return ""
    next_one = "update" if panel.box == "red-2" else _STEPS.get((panel.box, filed), "")
    allowed = {button.verb for button in panel.buttons if button.allowed}
    return next_one if next_one in words.MOVES or next_one in allowed else ""


def advice(panel: Panel, filed: str) -> Word | None:
    """The sentence for this box in this list; ``None`` for red boxes and while an operation is open – those speak for
    themselves."""
    found = _EXPIRED[filed] if panel.expired else _TABLE.get((panel.box, filed))
    if not panel.reachable and panel.box == "yellow-1":
        found = _CONSOLE_ONLY
    if found is None or panel.open_operation is not None:
        return None
    names = {"provider": _(panel.provider_name), "console": _(panel.console_name)}
    return Word(str(found.text) % names, found.tone)
