"""Sweets: what goes beside the tea, among them the one that is sold out until next September."""

from __future__ import annotations

from shop.demo.goods import DemoProduct, single

_KEEP = ("保存方法", "直射日光と高温多湿を避け、常温で保存してください。")

SWEETS: tuple[DemoProduct, ...] = (
    DemoProduct(
        code="K-001",
        name="本煉羊羹 小豆",
        name_kana="ホンネリヨウカン アズキ",
        category="sweets",
        story="十勝の小豆と糸寒天と氷砂糖を、銅の鍋で三時間練って流し固めた羊羹です。"
        "一センチほどに切って室温に少し置くと、煎茶の渋みとちょうど釣り合います。",
        story_en="Tokachi azuki, agar and rock sugar, stirred for three hours in a copper pan and set in the "
        "mould. Cut it a centimetre thick, let it stand a little, and it balances the edge of a sencha.",
        details=(
            ("内容量", "1棹（280g）"),
            ("原材料名", "氷砂糖（国内製造）、小豆、寒天、水飴"),
            ("賞味期限", "製造から6か月"),
            _KEEP,
        ),
        reduced_tax=True,
        artwork="yokan",
        variants=single("K-001", 1_620, 140),
    ),
    DemoProduct(
        code="K-002",
        name="手合わせもなか 六個分",
        name_kana="テアワセモナカ ロッコブン",
        category="sweets",
        story="新潟のもち米を焼いた皮と粒あんを、べつべつに包んでお届けします。食べる直前に匙であんを詰めると、皮がさくりと割れて米の香りがします。",
        story_en="Shells baked from Niigata sticky rice and coarse bean paste, packed apart. Fill them "
        "with a spoon just before eating, and the shell cracks and smells of rice.",
        details=(
            ("内容量", "皮6組、粒あん240g"),
            ("原材料名", "粒あん（砂糖、小豆、水飴、食塩）、もち米"),
            ("賞味期限", "製造から45日"),
            _KEEP,
        ),
        reduced_tax=True,
        artwork="monaka",
        variants=single("K-002", 1_512, 90),
    ),
    DemoProduct(
        code="K-003",
        name="銅板どら焼き 五個",
        name_kana="ドウバンドラヤキ ゴコ",
        category="sweets",
        story="厚い銅板で一枚ずつ焼いた皮に、炊いて一晩おいた粒あんをはさみました。届いた日はそのまま、"
        "翌日からは軽く炙って、ほうじ茶と召し上がってください。",
        story_en="Cakes baked one by one on a thick copper plate, with bean paste that has rested "
        "overnight. Eat them as they are on the day they come, lightly toasted from the next, "
        "with roasted tea.",
        details=(
            ("内容量", "5個"),
            ("原材料名", "粒あん（砂糖、小豆）、鶏卵、小麦粉、砂糖、蜂蜜／膨張剤"),
            ("アレルギー", "小麦、卵"),
            ("賞味期限", "製造から7日"),
            _KEEP,
        ),
        reduced_tax=True,
        artwork="dorayaki",
        variants=single("K-003", 1_350, 75),
    ),
    DemoProduct(
        code="K-004",
        name="金平糖 小びん",
        name_kana="コンペイトウ コビン",
        category="sweets",
        story="傾けた大釜で蜜をかけては転がし、角が出るまで十六日かけて育てた金平糖です。栓を開けて二、"
        "三粒を小皿に、苦めの抹茶を待つあいだの口に合います。",
        story_en="Syrup is poured over grains rolling in a tilted pan for sixteen days until the horns "
        "appear. Tip two or three onto a small dish while you wait for a rather bitter bowl of "
        "matcha.",
        details=(
            ("内容量", "45g"),
            ("原材料名", "砂糖（国内製造）／着色料（くちなし、紅花）"),
            ("賞味期限", "製造から1年"),
            _KEEP,
        ),
        reduced_tax=True,
        artwork="konpeito-jar",
        variants=single("K-004", 480, 400),
    ),
    DemoProduct(
        code="K-005",
        name="堅焼き醤油せんべい 八枚",
        name_kana="カタヤキショウユセンベイ ハチマイ",
        category="sweets",
        story="草加の職人が押し瓦で返しながら炭火で焼き、熱いうちに木桶仕込みの醤油を二度塗っています。"
        "割ってから湯のみのとなりへ置くと、番茶が一杯では足りなくなります。",
        story_en="Turned under an iron press over charcoal in Soka and brushed twice, while hot, with "
        "barrel-brewed soy sauce. Break one beside your cup and a single serving of coarse tea will not "
        "be enough.",
        details=(
            ("内容量", "8枚"),
            ("原材料名", "うるち米（国産）、醤油（大豆・小麦を含む）"),
            ("アレルギー", "小麦、大豆"),
            ("賞味期限", "製造から3か月"),
            _KEEP,
        ),
        reduced_tax=True,
        artwork="senbei",
        variants=single("K-005", 756, 160),
    ),
    DemoProduct(
        code="K-006",
        name="栗まんじゅう 六個",
        name_kana="クリマンジュウ ロッコ",
        category="sweets",
        story="笠間の栗を蒸して裏ごしし、白あんと合わせて栗の形に包み、卵黄を塗って焼いています。"
        "栗のあるあいだだけの菓子で、次に焼けるのは来年の九月です。",
        story_en="Kasama chestnuts are steamed, sieved into white bean paste, wrapped in the shape of a "
        "chestnut and glazed with egg yolk. We bake them only while there are chestnuts; the "
        "next come in September.",
        details=(
            ("内容量", "6個"),
            ("原材料名", "栗、白あん（いんげん豆、砂糖）、小麦粉、鶏卵、けしの実／膨張剤"),
            ("アレルギー", "小麦、卵"),
            ("賞味期限", "製造から10日"),
            _KEEP,
        ),
        reduced_tax=True,
        artwork="chestnut-manju",
        variants=single("K-006", 1_944, 0),
    ),
    DemoProduct(
        code="K-007",
        name="吊るし干し柿 五個",
        name_kana="ツルシホシガキ ゴコ",
        category="sweets",
        story="伊那谷の農家が皮をむいて軒に吊るし、四十日のあいだに二度、手でもんで粉を吹かせた干し柿です。"
        "薄く切って冷たいバターをのせるか、そのまま濃いめの煎茶とどうぞ。",
        story_en="A farm in the Ina valley peels the persimmons, hangs them under the eaves and kneads "
        "them twice in forty days until they bloom white. Slice them thin with cold butter, or "
        "have them as they are with a strong sencha.",
        details=(
            ("内容量", "5個（約180g）"),
            ("原材料名", "柿（長野県産）／酸化防止剤（二酸化硫黄）"),
            ("賞味期限", "製造から60日"),
            ("保存方法", "冷暗所、または冷蔵庫で保存してください。"),
        ),
        reduced_tax=True,
        artwork="dried-persimmon",
        variants=single("K-007", 1_836, 54),
    ),
)
