"""権限 – what a member of staff may do besides looking at orders and mails, which everyone behind the door may.

The owner (店主) has all of them. What reads data out as a file gets a right of its own with the first such page; a right
that opens nothing would only be a promise.
"""

from collections.abc import Iterable
from enum import StrEnum

from providers.contract import N_


class Right(StrEnum):
    """One thing that can be granted by itself. The values stand in the database."""

    ORDERS = "orders"
    PRICE = "price"
    CAPTURE = "capture"
    REFUND = "refund"
    PRODUCTS = "products"
    CUSTOMERS = "customers"
    SETTINGS = "settings"
    STAFF = "staff"

    @property
    def label(self) -> str:
        """Its name, a marked text in Japanese: 最近の操作 keeps it as it is, pages translate it."""
        return _WORDS[self][0]

    @property
    def opens(self) -> str:
        """What it opens, a marked text."""
        return _WORDS[self][1]


_WORDS = {
    Right.ORDERS: (N_("受注の処理"), N_("受注を別の一覧へ移す、メモを書く、在庫の引き当てを解放する、メールを再送する")),
    Right.PRICE: (N_("受注金額の変更"), N_("編集モードで単価・数量・送料・値引きを変える、取引更新。確定した売上を減らす取引更新には「取消・返金」も必要です")),
    Right.CAPTURE: (N_("売上確定"), N_("オーソリの売上を確定する")),
    Right.REFUND: (N_("取消・返金"), N_("決済をキャンセルする、確定した売上を返金する")),
    Right.PRODUCTS: (N_("商品の変更"), N_("商品ごとの「カゴに入れる」のリンク先を変える")),
    Right.CUSTOMERS: (N_("顧客情報の閲覧"), N_("顧客一覧と顧客明細を開く")),
    Right.SETTINGS: (N_("設定の変更"), N_("支払方法、宅配便、クーポン、会員設定、デザイン、カード不正利用対策の画面を開く、変える")),
    Right.STAFF: (N_("スタッフの管理"), N_("スタッフを追加する、自分が持つ権限を付ける・外す、利用を停止する")),
}  # fmt: skip

ALL = frozenset(Right)


def read(stored: str) -> frozenset[Right]:
    """The rights in a column; a name that is no right any more grants nothing."""
    names = stored.split()
    return frozenset(right for right in Right if right.value in names)


def write(rights: Iterable[Right]) -> str:
    """For the column, always in the same order."""
    given = frozenset(rights)
    return " ".join(right.value for right in Right if right in given)


def listed(rights: Iterable[Right]) -> str:
    """For 最近の操作: ``売上確定、取消・返金``."""
    given = frozenset(rights)
    return "、".join(right.label for right in Right if right in given) or N_("なし")
