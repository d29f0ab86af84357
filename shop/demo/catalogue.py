"""What つきのわ商店 sells: the four families and all products, in the order the shop shows them."""

from __future__ import annotations

from shop.demo.goods import DemoCategory, DemoProduct, DemoVariant
from shop.demo.goods.cloth import CLOTH
from shop.demo.goods.sweets import SWEETS
from shop.demo.goods.tea import TEA
from shop.demo.goods.vessels import VESSELS

__all__ = ["CATEGORIES", "PRODUCTS", "DemoCategory", "DemoProduct", "DemoVariant"]

CATEGORIES: tuple[DemoCategory, ...] = (
    DemoCategory(
        "tea",
        "お茶",
        "Tea",
        "畑と作り手のわかる葉を、飲みきれる量で。焙じるのも詰めるのも、毎週火曜日です。",
    ),
    DemoCategory(
        "vessels",
        "うつわ",
        "Vessels",
        "毎日の食卓で使えるかどうか、店の台所で半年ためしてから並べています。",
    ),
    DemoCategory(
        "cloth",
        "布もの",
        "Cloth",
        "包む、拭く、掛ける。洗うほど手になじむ木綿と麻を、染めと織りの町から。",
    ),
    DemoCategory(
        "sweets",
        "お菓子",
        "Sweets",
        "お茶のとなりに置く甘いもの、香ばしいもの。日もちと原材料も確かめてお選びください。",
    ),
)

PRODUCTS: tuple[DemoProduct, ...] = TEA + VESSELS + CLOTH + SWEETS
