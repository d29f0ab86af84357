"""Cloth: cotton and hemp, among them the product with the longest name and the one with three colours."""

from __future__ import annotations

from shop.demo.goods import DemoProduct, DemoVariant, single

CLOTH: tuple[DemoProduct, ...] = (
    DemoProduct(
        code="N-001",
        name="木綿の小風呂敷 70cm",
        name_kana="モメンノコフロシキ ナナジュッセンチ",
        category="cloth",
        story="播州で織った少し厚手の木綿を、端まで一枚ずつ刷毛で引き染めにした風呂敷です。"
        "菓子折りやお弁当がちょうど包める大きさで、四隅を結べば買い物の手提げにもなります。",
        story_en="A fairly heavy cotton woven in Banshu and brush-dyed to the edge, one sheet at a time. "
        "It wraps a box of sweets or a lunch just so, and with the corners tied it carries your "
        "shopping.",
        details=(
            ("寸法", "70×70cm"),
            ("素材", "綿100%"),
            ("お手入れ", "はじめの2、3回は色が出ます。単独で手洗いしてください。"),
        ),
        reduced_tax=False,
        artwork="furoshiki",
        variants=(
            DemoVariant("N-001-KOKE", "苔", 2_420, 80),
            DemoVariant("N-001-KAKI", "柿", 2_420, 65),
            DemoVariant("N-001-AI", "藍", 2_420, 72),
        ),
    ),
    DemoProduct(
        code="N-002",
        name="注染手ぬぐい 青海波",
        name_kana="チュウセンテヌグイ セイガイハ",
        category="cloth",
        story="堺の染工場が、布を重ねて上から染料を注ぎ、裏まで色を通した手ぬぐいです。台所では布巾に、"
        "食卓では弁当の包みに、三月ほど使うと糸がふくらんで水をよく吸うようになります。",
        story_en="A dye works in Sakai stacks the cloth and pours the dye through, so the colour is the "
        "same on both sides. Use it as a kitchen cloth or around a lunch box; after three months "
        "the threads swell and it drinks water well.",
        details=(
            ("寸法", "約34×90cm"),
            ("素材", "綿100%（特岡生地）"),
            ("端の始末", "切りっぱなし"),
        ),
        reduced_tax=False,
        artwork="tenugui-waves",
        variants=single("N-002", 1_540, 320),
    ),
    DemoProduct(
        code="N-003",
        name="注染手ぬぐい 麻の葉 浜松の染工場が"
        "三十年ぶりに起こした型紙で表と裏から染めた端切りっぱなしの長尺一枚",
        name_kana="チュウセンテヌグイ アサノハ",
        category="cloth",
        story="蔵から出てきた渋紙の型を彫り直し、浜松の𠮷田染工場が三十年ぶりに染めた麻の葉です。"
        "ふつうより十センチ長いので、首に巻いても、額に掛けて壁に飾っても形よく収まります。",
        story_en="An old paper stencil found in the storehouse was recut, and the Yoshida dye works in "
        "Hamamatsu used this hemp-leaf pattern again after thirty years. Ten centimetres longer "
        "than usual, it sits well around the neck or framed on a wall.",
        details=(
            ("寸法", "約34×100cm"),
            ("素材", "綿100%"),
            ("作り手", "𠮷田染工場（静岡県浜松市）"),
            ("端の始末", "切りっぱなし"),
        ),
        reduced_tax=False,
        artwork="tenugui-hemp",
        variants=single("N-003", 1_760, 200),
    ),
    DemoProduct(
        code="N-004",
        name="近江麻ののれん 月の輪",
        name_kana="オウミアサノノレン ツキノワ",
        category="cloth",
        story="近江の麻を藍で二度染め、糊を置いた月の輪だけを白く抜いた二枚仕立てののれんです。"
        "台所の入口に掛けると、風を通しながら向こうの散らかりをほどよく隠してくれます。",
        story_en="Omi hemp dyed twice in indigo, with a ring moon kept white by rice paste, sewn as two "
        "panels. Hung at the kitchen door it lets the air through and hides what needs hiding.",
        details=(
            ("寸法", "幅86×丈90cm"),
            ("素材", "麻100%"),
            ("取り付け", "棒通し幅5cm（棒は付属しません）"),
            ("お手入れ", "手洗い、陰干し"),
        ),
        reduced_tax=False,
        artwork="noren",
        flow="steps",
        variants=single("N-004", 17_600, 24),
    ),
    DemoProduct(
        code="N-005",
        name="豊橋帆布の前掛け",
        name_kana="トヨハシハンプノマエカケ",
        category="cloth",
        story="豊橋の機屋が古いシャトル織機で織る帆布に、紅白のひもを手で縫い付けた前掛けです。"
        "はじめは立つほど固い布も、粉や土に触れて洗ううちに腰の形へ沿っていきます。",
        story_en="Canvas from an old shuttle loom in Toyohashi, with red and white ties sewn on by hand. "
        "Stiff enough to stand at first, it follows your hips after flour, soil and a few washes.",
        details=(
            ("寸法", "幅48×丈60cm、ひも180cm"),
            ("素材", "綿100%（2号帆布）"),
            ("ポケット", "左に一つ"),
            ("お手入れ", "単独で洗い、乾燥機は避けてください。"),
        ),
        reduced_tax=False,
        artwork="apron",
        variants=single("N-005", 8_250, 46),
    ),
    DemoProduct(
        code="N-006",
        name="刺し子のコースター 四枚組",
        name_kana="サシコノコースター ヨンマイグミ",
        category="cloth",
        story="庄内の縫い手五人が、藍と生成りの木綿に一枚ずつ違う柄を刺しています。"
        "二枚重ねの布が湯のみの熱と冷たいグラスの露を受け、網に入れて洗濯機で洗えます。",
        story_en="Five stitchers in Shonai work a different pattern on each piece of indigo and natural "
        "cotton. Two layers take the heat of a cup or the dew of a glass, and they go into the "
        "washing machine in a net.",
        details=(
            ("寸法", "11×11cm、4枚"),
            ("素材", "綿100%"),
            ("柄", "七宝、麻の葉、十字、枡刺し"),
        ),
        reduced_tax=False,
        artwork="sashiko-coasters",
        flow="steps",
        variants=single("N-006", 2_200, 130),
    ),
)
