"""What つきのわ商店 says about itself, in Japanese and in English.

The shop is invented: its town does not exist, its telephone number cannot be dialled and its mail domain is
reserved. Everything else reads as a real shop of this size would print it, so that no page looks unfinished.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Bilingual:
    """One text in both languages; an empty line separates paragraphs."""

    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class ShopProfile:
    """Who runs the shop and how to reach it."""

    name: Bilingual
    owner: Bilingual
    postal_code: str
    address: Bilingual
    phone: str
    mail: str
    hours: Bilingual
    description: Bilingual


@dataclass(frozen=True, slots=True)
class FrontStory:
    """The one seasonal story of the front page; ``scene`` names its drawing."""

    scene: str
    title: Bilingual
    paragraphs: tuple[Bilingual, ...]


@dataclass(frozen=True, slots=True)
class NewsLine:
    """A dated line below the story."""

    day: date
    text: Bilingual


SHOP = ShopProfile(
    name=Bilingual("つきのわ商店", "Tsukinowa Shoten"),
    owner=Bilingual("月岡 さよ", "Sayo Tsukioka"),
    postal_code="399-0000",
    address=Bilingual(
        "長野県月ノ輪市宵待町三丁目8番2号",
        "3-8-2 Yoimachi-cho, Tsukinowa-shi, Nagano, Japan",
    ),
    phone="03-0000-0000",
    mail="shop@tsukinowa.example",
    hours=Bilingual(
        "平日10時から16時（土・日・祝日休み）", "Weekdays 10:00–16:00 (closed on weekends and holidays)"
    ),
    description=Bilingual(
        "お茶と、お茶のまわりのもの。山あいの町の小さな店から、うつわ、布もの、お菓子と一緒にお届けします。",
        "Tea and the things around it: vessels, cloth and sweets, sent from a small shop in a mountain town.",
    ),
)

FRONT_STORY = FrontStory(
    scene="early-winter",
    title=Bilingual("小雪のころ、鉄瓶に火を入れる", "Early winter, and the kettle is on"),
    paragraphs=(
        Bilingual(
            "店の窓から見える山が、先週の雨で上のほうだけ白くなりました。朝いちばんに鉄瓶を火にかけ、"
            "ふたが鳴りはじめるまでのあいだに、火曜に焙じたほうじ茶の袋を開けます。",
            "Last week's rain left the top of the mountain outside our window white. First thing in the "
            "morning the iron kettle goes on, and while we wait for the lid to rattle we open the bag we "
            "roasted on Tuesday.",
        ),
        Bilingual(
            "この時期のお茶は、熱めの湯でたっぷりがいい。湯のみは口のすぼまったものを選ぶと、"
            "二杯目を注ぐまで手のなかで冷めません。お茶うけは羊羹を少し厚めに。",
            "At this time of year tea wants hot water and plenty of it. A cup whose mouth turns in stays "
            "warm in the hand until the second pour. Beside it, yokan, cut a little thicker than usual.",
        ),
        Bilingual(
            "庭の柿は、鳥のぶんを三つ残して枝ごと下ろしました。花入れに挿して窓辺に置いておくと、"
            "日の短い午後でも、そこだけ灯りがついたように見えます。",
            "We brought the persimmons in from the garden, branch and all, and left three for the birds. "
            "In a vase by the window they look, on a short afternoon, like a lamp someone has lit.",
        ),
    ),
)

NEWS: tuple[NewsLine, ...] = (
    NewsLine(
        date(2026, 11, 20),
        Bilingual(
            "年内の発送は12月28日（月）まで、年始は1月5日（火）からです。",
            "Our last dispatch of the year is Monday 28 December; we start again on Tuesday 5 January.",
        ),
    ),
    NewsLine(
        date(2026, 11, 10),
        Bilingual(
            "志野の抹茶碗「雪間」を五十碗かぎりで掲載しました。",
            "Fifty numbered Shino bowls, Yukima, are now in the shop.",
        ),
    ),
)

SHIPPING_DEADLINE = Bilingual(
    "平日13時までのご注文は当日に発送します（土・日・祝日のご注文は翌営業日）",
    "Ordered by 13:00 on a weekday, sent the same day (weekends and holidays: the next working day)",
)

LEGAL_NOTICE: tuple[tuple[Bilingual, Bilingual], ...] = (
    (Bilingual("販売業者", "Seller"), SHOP.name),
    (Bilingual("運営責任者", "Person in charge"), SHOP.owner),
    (
        Bilingual("所在地", "Address"),
        Bilingual(f"〒{SHOP.postal_code} {SHOP.address.ja}", f"{SHOP.address.en} {SHOP.postal_code}"),
    ),
    (
        Bilingual("電話番号", "Telephone"),
        Bilingual(f"{SHOP.phone}（{SHOP.hours.ja}）", f"{SHOP.phone}, {SHOP.hours.en}"),
    ),
    (Bilingual("メールアドレス", "Mail"), Bilingual(SHOP.mail, SHOP.mail)),
    (
        Bilingual("販売価格", "Prices"),
        Bilingual(
            "各商品のページに、消費税を含む金額で表示しています。お茶とお菓子は軽減税率8%、その他は10%です。",
            "Shown on each product page with consumption tax included: 8% for tea and sweets, 10% for "
            "everything else.",
        ),
    ),
    (
        Bilingual("商品代金以外の必要料金", "Charges besides the price"),
        Bilingual(
            "送料は全国一律600円（税込）です。代金引換をお選びの場合は、手数料330円（税込）がかかります。"
            "インターネット接続にかかる通信料はお客様のご負担となります。",
            "Delivery is 600 yen anywhere in Japan, and cash on delivery costs 330 yen, both tax included. "
            "You bear the cost of your own internet connection.",
        ),
    ),
    (
        Bilingual("支払方法", "Payment methods"),
        Bilingual(
            "クレジットカード（Visa、Mastercard、JCB、American Express、Diners Club）、代金引換",
            "Credit card (Visa, Mastercard, JCB, American Express, Diners Club), cash on delivery",
        ),
    ),
    (
        Bilingual("支払時期", "Time of payment"),
        Bilingual(
            "クレジットカードは、ご注文時にご利用枠を確保し、商品の発送日に請求を確定します。"
            "引き落とし日は、ご利用のカード会社の規約によります。"
            "代金引換は、商品のお受け取りのときに配達員へお支払いください。",
            "By card: we reserve the amount when you order and charge it on the day we dispatch; "
            "the day it leaves your account depends on your card company. "
            "Cash on delivery: you pay the courier when you receive the goods.",
        ),
    ),
    (
        Bilingual("引渡時期", "Time of delivery"),
        Bilingual(
            "平日13時までのご注文は当日、それ以降のご注文は翌営業日に発送します。発送から1日から3日でお届けします。",
            "Orders placed by 13:00 on a weekday leave the same day, others the next working day. "
            "Delivery takes one to three days from dispatch.",
        ),
    ),
    (
        Bilingual("申込みの有効期限", "Validity of an order"),
        Bilingual(
            "在庫切れなどによりご用意できないときは、ご注文から3営業日以内にメールでご連絡し、請求は行いません。",
            "If we cannot supply an item we write to you within three working days and charge nothing for "
            "it.",
        ),
    ),
    (
        Bilingual("販売数量", "Quantities"),
        Bilingual(
            "数量に限りのある商品は、在庫の範囲で先着順にお受けします。",
            "Limited items are sold in the order in which orders reach us, while stock lasts.",
        ),
    ),
    (
        Bilingual("返品・キャンセル", "Returns and cancellation"),
        Bilingual(
            "発送前のご注文は、送料を含め全額を取り消せます。お客様のご都合による返品は、うつわと布ものに限り、未使用で到着から8日以内にご連絡いただいた場合にお受けします。このときの返送料はお客様のご負担です。お茶とお菓子は、お客様のご都合による返品をお受けできません。",
            "An order not yet dispatched can be cancelled in full, delivery included. If you change your "
            "mind we take back vessels and cloth, unused, when you tell us within eight days of arrival; "
            "the return postage is yours. We cannot take back tea and sweets for this reason.",
        ),
    ),
    (
        Bilingual("不良品の扱い", "Faulty goods"),
        Bilingual(
            "破損、不良、品違いがあったときは、到着から8日以内にご連絡ください。"
            "送料は当店が負担し、交換または返金いたします。",
            "If something is broken, faulty or not what you ordered, tell us within eight days of arrival. "
            "We replace it or refund you, and pay the postage.",
        ),
    ),
)

PRIVACY = Bilingual(
    "お名前、ご住所、電話番号、メールアドレス、ご注文の内容は、商品のお届け、お支払いの確認、"
    "お問い合わせへのお返事と、法令で定められた帳簿の保存のためにだけ使います。\n\n"
    "配送会社と決済代行会社には、お届けとお支払いに必要な範囲でお渡しします。"
    "それ以外の方に、お客様の同意なくお渡しすることはありません。"
    "カード番号は決済代行会社へ直接送られ、当店には保存されません。\n\n"
    "ご自身の情報の開示、訂正、削除をご希望の方は、メールまたはお電話で運営責任者の月岡までお知らせください。",
    "We use your name, address, telephone number, mail address and order only to deliver the goods, "
    "confirm payment, answer you, and keep the books the law asks for.\n\n"
    "The carrier and the payment provider receive what they need for delivery and payment. "
    "We pass nothing to anyone else without your consent. "
    "Card numbers go straight to the payment provider and are not stored in this shop.\n\n"
    "To see, correct or delete what we hold about you, write to or call Sayo Tsukioka, who is in charge.",
)

SHIPPING_GUIDE = Bilingual(
    f"{SHIPPING_DEADLINE.ja}。"
    "発送から1日から3日でお届けします。\n\n"
    "送料は全国一律600円（税込）です。\n\n"
    "うつわは一つずつ紙で包み、箱のすき間を茶殻を漉き込んだ紙で埋めてお送りします。"
    "ご贈答用の掛け紙は無料です。ご注文番号を添えて、発送前にメールでお知らせください。",
    f"{SHIPPING_DEADLINE.en}. "
    "The parcel arrives one to three days after we dispatch it.\n\n"
    "Delivery is 600 yen anywhere in Japan, tax included.\n\n"
    "Each vessel is wrapped in paper by itself and the box is filled with paper made from spent tea "
    "leaves. A gift band is free of charge; write to us with the order number before we dispatch.",
)

CANCELLATION = Bilingual(
    "発送前であれば、ご注文を取り消せます。ご注文番号を添えて、メールまたはお電話でお知らせください。\n\n"
    "発送後は「返品・キャンセル」の条件によりお受けします。",
    "Until it is dispatched you can cancel an order: write to us or call, giving the order number.\n\n"
    "After dispatch the terms under “Returns and cancellation” apply.",
)
