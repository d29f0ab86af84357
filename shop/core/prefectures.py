"""都道府県 – where buyers live and goods go."""

from providers.contract import N_

#: In the official order, Hokkaido first. Kept and written on parcels in Japanese; offered in the reader's language.
PREFECTURES = (
    N_("北海道"), N_("青森県"), N_("岩手県"), N_("宮城県"), N_("秋田県"), N_("山形県"),
    N_("福島県"), N_("茨城県"), N_("栃木県"), N_("群馬県"), N_("埼玉県"), N_("千葉県"),
    N_("東京都"), N_("神奈川県"), N_("新潟県"), N_("富山県"), N_("石川県"), N_("福井県"),
    N_("山梨県"), N_("長野県"), N_("岐阜県"), N_("静岡県"), N_("愛知県"), N_("三重県"),
    N_("滋賀県"), N_("京都府"), N_("大阪府"), N_("兵庫県"), N_("奈良県"), N_("和歌山県"),
    N_("鳥取県"), N_("島根県"), N_("岡山県"), N_("広島県"), N_("山口県"), N_("徳島県"),
    N_("香川県"), N_("愛媛県"), N_("高知県"), N_("福岡県"), N_("佐賀県"), N_("長崎県"),
    N_("熊本県"), N_("大分県"), N_("宮崎県"), N_("鹿児島県"), N_("沖縄県"),
)  # fmt: skip
