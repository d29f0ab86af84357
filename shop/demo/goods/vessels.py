"""Vessels: pots, bowls and tools, among them the numbered bowl ``TK-050`` of which exactly fifty exist."""

from __future__ import annotations

from shop.demo.goods import DemoProduct, single

VESSELS: tuple[DemoProduct, ...] = (
    DemoProduct(
        code="U-001",
        name="常滑 朱泥の横手急須",
        name_kana="トコナメ シュデイノヨコデキュウス",
        category="vessels",
        story="常滑の土を二年寝かせ、ろくろで挽いた胴に目の細かな陶の茶こしをじかに付けた急須です。"
        "持ち手に親指を添えて傾けると、最後のひとしずくまで切れよく落ちます。",
        story_en="Tokoname clay is rested for two years, thrown on the wheel and fitted with a fine "
        "strainer of the same clay. Rest your thumb on the side handle and tilt: it pours clean "
        "to the last drop.",
        details=(
            ("容量", "約280ml"),
            ("寸法", "幅16×胴径10×高さ9cm"),
            ("素材", "陶器（無釉）"),
            ("お手入れ", "洗剤を使わず、湯ですすいで乾かします。"),
        ),
        reduced_tax=False,
        artwork="kyusu",
        variants=single("U-001", 9_680, 28),
    ),
    DemoProduct(
        code="U-002",
        name="南部鉄瓶 あられ",
        name_kana="ナンブテツビン アラレ",
        category="vessels",
        story="盛岡の鋳物師が砂の型に霰の粒をひとつずつ押し、ひと月に二十ほど鋳ている鉄瓶です。"
        "使いはじめは湯を三度沸かして捨て、日々は飲み終えたあと熱いうちに空けて余熱で乾かしてください。",
        story_en="A founder in Morioka presses each hailstone dot into the sand mould by hand and casts some "
        "twenty kettles a month. Boil and discard three kettles of water at first; afterwards empty it "
        "while hot and let its own heat dry it.",
        details=(
            ("容量", "約1.2L"),
            ("寸法", "幅18×奥行16×高さ20cm"),
            ("素材", "鋳鉄（釜焼き仕上げ）"),
            ("熱源", "直火・IH対応"),
        ),
        reduced_tax=False,
        artwork="tetsubin",
        variants=single("U-002", 28_600, 20),
    ),
    DemoProduct(
        code="U-003",
        name="粉引の飯碗",
        name_kana="コヒキノメシワン",
        category="vessels",
        story="益子の赤土に白い化粧土をかけ、灯油窯でゆっくり一昼夜かけて焼いた飯碗です。"
        "使う前に水にくぐらせるとご飯の汚れがしみにくく、年を追って肌の色が落ち着いていきます。",
        story_en="Red Mashiko clay under a white slip, fired slowly for a day and a night. Dip it in "
        "water before use so that rice does not stain it, and its skin will settle in tone over "
        "the years.",
        details=(
            ("寸法", "径12×高さ6cm"),
            ("素材", "陶器"),
            ("電子レンジ", "温め程度まで"),
            ("食洗機", "使えません"),
        ),
        reduced_tax=False,
        artwork="rice-bowl",
        variants=single("U-003", 4_180, 72),
    ),
    DemoProduct(
        code="U-004",
        name="﨑山窯 刷毛目の七寸皿",
        name_kana="サキヤマガマ ハケメノナナスンザラ",
        category="vessels",
        story="唐津の﨑山窯が、藁を束ねた刷毛で白土をひと息に引いた七寸の皿です。焼き魚にも焼き菓子にも合い、"
        "縁がわずかに立っているので煮汁のあるおかずも受けとめます。",
        story_en="At the Sakiyama kiln in Karatsu, white slip is drawn over this seven-sun plate in one "
        "breath with a straw brush. It suits grilled fish and cakes alike, and the slightly "
        "raised rim holds a dish with its broth.",
        details=(
            ("寸法", "径21×高さ3.5cm"),
            ("素材", "陶器"),
            ("作り手", "﨑山窯（佐賀県唐津市）"),
            ("電子レンジ", "温め程度まで"),
        ),
        reduced_tax=False,
        artwork="brushed-plate",
        variants=single("U-004", 5_500, 40),
    ),
    DemoProduct(
        code="U-005",
        name="砥部 藍縞の湯のみ",
        name_kana="トベ アイジマノユノミ",
        category="vessels",
        story="砥部の白磁に、細い面相筆で呉須の縞を二十四本引いた湯のみです。口が少し内へすぼまっているので、"
        "番茶の熱さが飲み終わりまで保たれます。",
        story_en="Twenty-four cobalt stripes drawn with a fine brush on white Tobe porcelain. The mouth "
        "turns in a little, so coarse tea stays hot to the end.",
        details=(
            ("容量", "約180ml"),
            ("寸法", "径7.5×高さ8.5cm"),
            ("素材", "磁器"),
            ("電子レンジ・食洗機", "使えます"),
        ),
        reduced_tax=False,
        artwork="striped-cup",
        variants=single("U-005", 3_300, 110),
    ),
    DemoProduct(
        code="U-006",
        name="飴釉の徳利とぐい呑ふたつ",
        name_kana="アメユウノトックリトグイノミフタツ",
        category="vessels",
        story="出雲の工房が来待石の粉を釉に混ぜ、飴色に焼き上げた徳利とぐい呑ふたつの組です。"
        "一合と少しを入れて八十度の湯に三分つければ、ほどよいぬる燗になります。",
        story_en="A workshop in Izumo mixes powdered Kimachi stone into the glaze for this amber flask "
        "and its two cups. Pour in a little over 180 ml, stand it in 80 °C water for three "
        "minutes, and the sake is gently warm.",
        details=(
            ("徳利", "約220ml、径8×高さ13cm"),
            ("ぐい呑", "約50ml、径5.5×高さ4.5cm"),
            ("素材", "陶器"),
            ("食洗機", "使えません"),
        ),
        reduced_tax=False,
        artwork="sake-flask",
        variants=single("U-006", 7_150, 36),
    ),
    DemoProduct(
        code="U-007",
        name="信楽 一輪挿し",
        name_kana="シガラキ イチリンザシ",
        category="vessels",
        story="信楽の白土を手でひねり、釉をかけずに焼き締めた高さ十一センチの花入れです。口が細いので、"
        "庭の椿や散歩道の南天をひと枝挿すだけで収まります。",
        story_en="White Shigaraki clay, pinched by hand and fired without glaze, eleven centimetres tall. "
        "Its mouth is narrow, so one sprig of camellia or nandina sits well without any "
        "arranging.",
        details=(
            ("寸法", "径7×高さ11cm"),
            ("素材", "陶器（焼き締め）"),
            ("ご注意", "水がにじむことがあるため、敷板の上でお使いください。"),
        ),
        reduced_tax=False,
        artwork="bud-vase",
        variants=single("U-007", 2_640, 58),
    ),
    DemoProduct(
        code="U-008",
        name="高山茶筅 八十本立",
        name_kana="タカヤマチャセン ハチジッポンタテ",
        category="vessels",
        story="奈良・高山の里で、冬の田に干した淡竹の先を小刀で八十本に割り、黒糸で編んだ茶筅です。"
        "点てる前に穂先をぬるま湯に浸し、手首を前後に軽く振ると細かな泡が立ちます。",
        story_en="In the village of Takayama, Nara, bamboo dried on the winter fields is split into "
        "eighty tines and laced with black thread. Soak the tips in warm water first, then move "
        "your wrist lightly back and forth for a fine foam.",
        details=(
            ("寸法", "径6×高さ11cm"),
            ("素材", "淡竹、木綿糸"),
            ("お手入れ", "湯ですすぎ、穂先を上にして陰干しします。"),
        ),
        reduced_tax=False,
        artwork="tea-whisk",
        variants=single("U-008", 4_620, 85),
    ),
    DemoProduct(
        code="TK-050",
        name="志野の抹茶碗 雪間 五十碗限定",
        name_kana="シノノマッチャワン ユキマ ゴジュウワンゲンテイ",
        category="vessels",
        story="美濃の陶工が志野釉を厚くかけ、腰に土の色を残して、雪のあいだにのぞく地面に見立てた抹茶碗です。"
        "この冬の窯で焼けた五十碗だけのご用意で、高台の脇に一から五十までの番号を彫っています。",
        story_en="A Mino potter lays the white Shino glaze thick and leaves bare clay at the foot, like "
        "ground seen between patches of snow. There are only the fifty bowls from this winter's "
        "firing, each numbered beside the foot.",
        details=(
            ("寸法", "径12.5×高さ8cm"),
            ("素材", "陶器"),
            ("付属", "桐箱、番号札"),
            ("ご注意", "釉のかかり方と色は一碗ずつ異なります。"),
        ),
        reduced_tax=False,
        artwork="shino-bowl",
        variants=single("TK-050", 11_000, 50),
    ),
)
