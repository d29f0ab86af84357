"""Teas: small amounts, each with the field it comes from and how to pour it."""

from __future__ import annotations

from shop.demo.goods import DemoProduct, DemoVariant, single

_KEEP = ("保存方法", "開封後は湿気を避け、ひと月を目安にお飲みください。")

TEA: tuple[DemoProduct, ...] = (
    DemoProduct(
        code="T-001",
        name="煎茶 霜月",
        name_kana="センチャ シモツキ",
        category="tea",
        story="川根の山あいで五月の初めに摘んだ葉を、半年寝かせてから火入れした煎茶です。"
        "七十度ほどに冷ました湯で一分待つと角のとれた甘みが先に立ち、二煎目は熱い湯ですっきりと飲めます。",
        story_en="Leaves picked in early May in the hills of Kawane, rested for half a year and then "
        "fired. Give them a minute in water cooled to about 70 °C for a rounded sweetness; make "
        "the second infusion hotter and it drinks clean.",
        details=(
            ("名称", "煎茶"),
            ("産地", "静岡県川根"),
            ("賞味期限", "製造から10か月"),
            _KEEP,
        ),
        reduced_tax=True,
        artwork="sencha-canister",
        variants=(
            DemoVariant("T-001-50", "50g", 1_080, 180),
            DemoVariant("T-001-100", "100g", 2_052, 96),
        ),
    ),
    DemoProduct(
        code="T-002",
        name="茎ほうじ茶",
        name_kana="クキホウジチャ",
        category="tea",
        story="一番茶の茎だけを選り分け、店の奥の小さな焙煎機で毎週火曜日に焙じています。"
        "沸かしたての湯を注いで三十秒、食後にも眠る前にもたっぷり飲めるお茶です。",
        story_en="Only the stems of the first flush, sorted out and roasted every Tuesday in the small "
        "drum at the back of the shop. Thirty seconds in water just off the boil, and you can "
        "drink it freely after a meal or before bed.",
        details=(
            ("名称", "ほうじ茶"),
            ("内容量", "100g"),
            ("産地", "静岡県川根"),
            ("賞味期限", "焙煎から6か月"),
            _KEEP,
        ),
        reduced_tax=True,
        artwork="hojicha-pouch",
        variants=single("T-002", 972, 240),
    ),
    DemoProduct(
        code="T-003",
        name="玄米茶",
        name_kana="ゲンマイチャ",
        category="tea",
        story="近江の農家が育てたもち米を蒸して炒り、一番茶の煎茶と半々に合わせました。"
        "熱湯を注ぐと米の香ばしさが立つので、おにぎりや塩気のあるお菓子のとなりに置いてください。",
        story_en="Sticky rice grown by a farm in Omi is steamed, toasted and blended half and half with "
        "first-flush sencha. Boiling water brings out the smell of the rice, so set it beside rice balls "
        "or something salty.",
        details=(
            ("名称", "玄米茶"),
            ("内容量", "100g"),
            ("原材料名", "緑茶（静岡県）、もち米（滋賀県）"),
            ("賞味期限", "製造から8か月"),
            _KEEP,
        ),
        reduced_tax=True,
        artwork="genmaicha-dish",
        variants=single("T-003", 864, 150),
    ),
    DemoProduct(
        code="T-004",
        name="霧島の和紅茶 ティーバッグ10袋",
        name_kana="キリシマノワコウチャ ティーバッグジュップクロ",
        category="tea",
        story="鹿児島・霧島の茶園で、夏の二番茶を一晩しおれさせてから渋みの軽い紅茶に仕上げました。"
        "三角の袋ひとつに湯を百八十ミリリットル、三分待てば砂糖なしでもほのかに甘く、"
        "牛乳を足しても香りが残ります。",
        story_en="At a garden in Kirishima, Kagoshima, the summer flush is withered overnight and made "
        "into a black tea with little astringency. One pyramid bag in 180 ml for three minutes "
        "is faintly sweet without sugar, and keeps its scent when you add milk.",
        details=(
            ("名称", "紅茶"),
            ("内容量", "25g（2.5g×10袋）"),
            ("産地", "鹿児島県霧島"),
            ("賞味期限", "製造から1年"),
            _KEEP,
        ),
        reduced_tax=True,
        artwork="black-tea-bags",
        variants=single("T-004", 1_296, 120),
    ),
    DemoProduct(
        code="T-005",
        name="抹茶 小望月",
        name_kana="マッチャ コモチヅキ",
        category="tea",
        story="宇治田原の茶師が石臼で一時間に四十グラムずつ挽き、その日のうちに缶へ詰めています。"
        "薄茶なら茶杓に二杯を茶こしでふるい、湯は七十ミリリットルほどで点ててください。",
        story_en="A tea maker in Ujitawara grinds it on a stone mill, forty grams an hour, and tins it "
        "the same day. For a bowl of thin tea, sift two scoops and whisk them with about 70 ml "
        "of hot water.",
        details=(
            ("名称", "抹茶"),
            ("内容量", "40g"),
            ("産地", "京都府宇治田原町"),
            ("賞味期限", "製造から5か月"),
            ("保存方法", "開封後は冷蔵庫に入れ、2週間を目安にお使いください。"),
        ),
        reduced_tax=True,
        artwork="matcha-tin",
        variants=single("T-005", 2_700, 64),
    ),
    DemoProduct(
        code="T-006",
        name="三つの茶筒 木箱入り",
        name_kana="ミッツノチャヅツ キバコイリ",
        category="tea",
        story="煎茶「霜月」と茎ほうじ茶と玄米茶を小ぶりの茶筒に詰め、檜の木箱に納めました。"
        "ご贈答には無地の掛け紙をかけてお送りし、空いた箱は急須と湯のみの置き場所になります。",
        story_en="Our Shimotsuki sencha, roasted stem tea and genmaicha in small canisters, set in a box of "
        "hinoki cypress. As a gift it travels in a plain paper band, and the empty box makes a place for "
        "a teapot and cups.",
        details=(
            ("内容量", "煎茶40g、茎ほうじ茶40g、玄米茶50g"),
            ("箱の寸法", "幅27×奥行10×高さ11cm"),
            ("賞味期限", "製造から6か月"),
            _KEEP,
        ),
        reduced_tax=True,
        artwork="tea-gift-box",
        variants=single("T-006", 4_860, 45),
    ),
)
