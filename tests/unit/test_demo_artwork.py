"""The demo shop's goods and pictures keep the promises the seed, the race tests and the policy rely on."""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from shop.demo import artwork, texts
from shop.demo.catalogue import CATEGORIES, PRODUCTS, DemoVariant

FORBIDDEN = ("<script", "<text", "<style", "<image", "<foreignObject", "href", "style=")
EVENT_HANDLER = re.compile(r"\son[a-z]+\s*=", re.IGNORECASE)
PRODUCT_BYTES = 27_000
SCENE_BYTES = 90_000


def _pictures() -> Iterator[tuple[str, str, int]]:
    for key in artwork.PRODUCT_KEYS:
        yield key, artwork.draw(key), PRODUCT_BYTES
    for name in artwork.SCENE_NAMES:
        yield f"scene-{name}", artwork.scene(name), SCENE_BYTES
    yield "mark", artwork.mark(), 2_000


PICTURES = list(_pictures())


def _variants() -> list[DemoVariant]:
    return [variant for product in PRODUCTS for variant in product.variants]


@pytest.mark.parametrize(("svg", "limit"), [p[1:] for p in PICTURES], ids=[p[0] for p in PICTURES])
def test_picture_is_safe_wellformed_and_small(svg: str, limit: int) -> None:
    root = ET.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not [word for word in FORBIDDEN if word in svg]
    assert not EVENT_HANDLER.search(svg)
    assert len(svg.encode()) <= limit


@pytest.mark.parametrize("svg", [p[1] for p in PICTURES], ids=[p[0] for p in PICTURES])
def test_every_paint_a_picture_refers_to_is_defined_in_it(svg: str) -> None:
    defined = re.findall(r'id="([^"]+)"', svg)
    assert len(defined) == len(set(defined))
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= set(defined)


def test_pictures_differ_and_their_ids_do_not_meet_on_one_page() -> None:
    assert len({svg for _, svg, _ in PICTURES}) == len(PICTURES)
    everywhere = [identifier for _, svg, _ in PICTURES for identifier in re.findall(r'id="([^"]+)"', svg)]
    assert len(everywhere) == len(set(everywhere))


def test_every_product_category_and_story_has_its_picture() -> None:
    assert Counter(product.artwork for product in PRODUCTS) == Counter(artwork.PRODUCT_KEYS)
    assert {category.code for category in CATEGORIES} | {texts.FRONT_STORY.scene} == set(artwork.SCENE_NAMES)


def test_writing_again_writes_the_same_bytes(tmp_path: Path) -> None:
    first = {path.name: path.read_bytes() for path in artwork.write_all(tmp_path)}
    second = {path.name: path.read_bytes() for path in artwork.write_all(tmp_path)}
    assert first == second
    assert len(first) == len(PICTURES)


def test_catalogue_is_a_full_shop() -> None:
    assert 24 <= len(PRODUCTS) <= 28
    assert {product.category for product in PRODUCTS} == {category.code for category in CATEGORIES}
    assert all(product.published for product in PRODUCTS)
    assert sum(len(product.variants) > 1 for product in PRODUCTS) == 2
    assert max(len(product.name) for product in PRODUCTS) >= 45
    assert any("﨑" in product.name for product in PRODUCTS)
    assert any("𠮷" in product.story for product in PRODUCTS)


def test_codes_are_unique_and_plain() -> None:
    codes = [product.code for product in PRODUCTS]
    assert len(set(codes)) == len(codes)
    of_variants = [variant.code for variant in _variants()]
    assert len(set(of_variants)) == len(of_variants)
    assert all(re.fullmatch(r"[A-Z0-9-]+", code) for code in codes + of_variants)
    for product in PRODUCTS:
        if len(product.variants) == 1:
            assert product.variants[0].code == product.code
            assert product.variants[0].name == ""


def test_prices_and_stock_are_whole_numbers_in_range() -> None:
    for variant in _variants():
        assert type(variant.price_yen) is int
        assert type(variant.on_hand) is int
        assert 480 <= variant.price_yen <= 28_600
        assert variant.on_hand == 0 or 20 <= variant.on_hand <= 400
    assert [variant.code for variant in _variants() if variant.on_hand == 0] == ["K-006"]
    assert [variant.code for variant in _variants() if variant.on_hand == 50] == ["TK-050"]


def test_reduced_tax_follows_the_family() -> None:
    for product in PRODUCTS:
        assert product.reduced_tax == (product.category in {"tea", "sweets"})


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.code)
def test_stories_are_two_sentences_in_both_languages(product) -> None:
    assert product.story.count("。") == 2
    assert product.story.endswith("。")
    assert len(re.findall(r"[.;](?= |$)", product.story_en)) >= 2
    assert product.details


def test_legal_notice_has_what_the_law_asks_for() -> None:
    labels = {label.ja for label, _ in texts.LEGAL_NOTICE}
    assert labels >= {
        "販売業者",
        "運営責任者",
        "所在地",
        "電話番号",
        "メールアドレス",
        "販売価格",
        "商品代金以外の必要料金",
        "支払方法",
        "支払時期",
        "引渡時期",
        "返品・キャンセル",
    }
    assert all(label.en and text.ja and text.en for label, text in texts.LEGAL_NOTICE)
