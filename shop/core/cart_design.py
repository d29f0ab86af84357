"""The shop's own face of its two carts: an image, colours and texts for each, beyond what the whole shop has."""

import json

from sqlalchemy import String, Text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from shop.core.db import Base
from shop.core.pictures import WithLogo

#: ゼロステップカート and 3ステップカート.
CARTS = ("zero", "steps")
#: Columns that hold a colour, in the order in which the address of a sheet says them.
COLOURS = ("accent", "ground", "heading", "confirm_heading")

Texts = dict[str, dict[str, str]]


class CartDesign(WithLogo, Base):
    """One row a cart, there from the first 設定する on.

    The image is ヘッダー画像 of the one cart and ショップロゴ画像 of the other.
    """

    __tablename__ = "cart_design"

    cart: Mapped[str] = mapped_column(String(8), primary_key=True)
    #: Colours as ``#rrggbb``; empty for the shop's. Of buttons and links;
    accent: Mapped[str] = mapped_column(String(7), default="")
    #: of what stands back – the summary of the order;
    ground: Mapped[str] = mapped_column(String(7), default="")
    #: of headings; of the heading of 確認画面.
    heading: Mapped[str] = mapped_column(String(7), default="")
    confirm_heading: Mapped[str] = mapped_column(String(7), default="")
    #: Plain text by language and place as JSON: ``{"ja": {"lead": "…"}, "en": {…}}``. No empty ones.
    texts: Mapped[str] = mapped_column(Text, default="{}")

    @property
    def all_texts(self) -> Texts:
        return dict(json.loads(self.texts))

    def set_texts(self, texts: Texts) -> None:
        """Keep these; what is empty is left out."""
        filled = {code: {key: text for key, text in said.items() if text} for code, said in texts.items()}
        self.texts = json.dumps(filled, ensure_ascii=False)


def to_change(session: Session, cart: str) -> CartDesign:
    """The row of ``cart``, made on first use, nobody else's to change until the commit."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(CartDesign).values(cart=cart).on_conflict_do_nothing())
    return session.get_one(CartDesign, cart, with_for_update=True)


def stored(session: Session, cart: str) -> CartDesign:
    """What ``cart`` looks like; a blank one as long as nothing was set."""
    blank = CartDesign(cart=cart, logo_file="", logo_alt="", texts="{}", **dict.fromkeys(COLOURS, ""))
    return session.get(CartDesign, cart) or blank
