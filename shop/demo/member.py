"""The member of the demo shop, with two addresses in the book. Invented, with telephone numbers nobody has."""

from shop.members.accounts import Person

MEMBER = Person(
    name="山田 花子", email="hanako@example.jp", language="ja", kana="ヤマダ ハナコ", phone="0300000001",
    postal_code="100-0001", prefecture="東京都", address1="千代田区千代田1-1", address2="堀端ハイツ 301",
)  # fmt: skip

ADDRESSES: tuple[dict[str, str], ...] = (
    {
        "name": "山田 みのり", "phone": "0260000002", "postal_code": "390-0811", "prefecture": "長野県",
        "address1": "松本市中央2-3-4", "address2": "",
    },
    {
        "name": "株式会社花結び 総務部", "phone": "0600000003", "postal_code": "530-0001", "prefecture": "大阪府",
        "address1": "大阪市北区梅田5-6-7", "address2": "月見ビル 8階",
    },
)  # fmt: skip
