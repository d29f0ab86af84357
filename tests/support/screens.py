"""Pictures of every page at 360 and 1280 px for ``docs/screens``: ``python -m tests.support.screens``.

Opens a demo shop and its practice provider on loopback, walks through them in Chromium as buyer and as staff, and
writes each page as WebP. Pictures that no longer belong to a page are removed.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright

from admin.cart_screens import SCREENS
from app import create_app
from shop.core.config import Config
from shop.core.runtime import now
from shop.demo import seed
from shop.members.models import Member
from shop.outbox.models import OutboxMail
from shop.payments.guard_models import CardGuard
from shop.payments.models import PaymentMethod
from tests.browser import steps
from tests.browser.conftest import ARGUMENTS, DESKTOP
from tests.support import machine, members, shop
from tests.support.camera import Camera
from tests.support.files import ROOT
from tests.support.net import reserved_port
from tests.support.servers import LiveServer
from tests.support.world import Simulator
from tests.web.counter import change

FOLDER = ROOT / "docs/screens"


@dataclass
class Walk:
    """A shop on loopback, a browser, and the camera."""

    app: Flask
    window: Callable[..., Page]
    camera: Camera

    def pages(self, page: Page, pages: dict[str, str]) -> None:
        for name, address in pages.items():
            page.goto(address)
            self.camera.shoot(page, name)


def window_of_the_shop(walk: Walk) -> None:
    page = walk.window()
    walk.pages(page, {
        "front": "/", "list": "/products?category=vessels", "product": steps.TEA, "sold-out": "/products/K-006",
        "cart-empty": "/cart", "legal": "/legal/commerce", "error": "/no/such/page",
    })  # fmt: skip


def checkout(walk: Walk) -> None:
    """From the empty form to 注文完了."""
    page, shoot = walk.window(), walk.camera.shoot
    steps.into_basket(page, "/products/U-005")
    steps.into_basket(page)
    page.get_by_text("会員登録する").click()
    shoot(page, "checkout-register")
    page.get_by_text("会員登録する").click()
    shoot(page, "checkout-empty")
    walk.pages(page, {"cart": "/cart"})
    page.goto("/checkout/zero")
    page.get_by_text("クーポンをお持ちのかた").click()
    steps.field(page, "クーポンコード").fill(seed.COUPON)
    page.get_by_role("button", name="適用する").click()
    page.get_by_text("を適用しています").wait_for()
    shoot(page, "checkout-coupon")
    page.goto("/checkout/zero")
    steps.choose(page, steps.CASH_METHOD)
    steps.press_confirm(page)
    page.locator("#error-summary").wait_for()
    shoot(page, "checkout-errors")
    page.goto("/checkout/zero")
    steps.fill_address(page)
    steps.field(page, "メールアドレス").fill("taro@gamil.com")
    steps.field(page, "市区町村・番地").fill("千代田区千代田")
    steps.field(page, "電話番号").fill("090-1234")
    steps.field(page, "郵便番号").fill("390-08")
    steps.field(page, "お名前").focus()
    page.locator("#postal_code-error").wait_for()
    shoot(page, "checkout-fields")
    steps.fill_address(page)
    steps.fill_card(page)
    shoot(page, "checkout-filled")
    steps.press_confirm(page)
    steps.dialog(page).wait_for()
    shoot(page, "confirmation", whole=False)
    steps.place(page)
    shoot(page, "complete")


def without_script(walk: Walk) -> None:
    page = walk.window(java_script_enabled=False)
    steps.into_basket(page)
    steps.fill_address(page)
    steps.choose(page, steps.CASH_METHOD)
    steps.press_confirm(page)
    walk.camera.shoot(page, "confirmation-page")
    page.get_by_role("button", name="注文する").click()


def in_steps(walk: Walk) -> None:
    """The 3-step cart from カゴの中身 to STEP4."""
    page, shoot = walk.window(), walk.camera.shoot
    page.goto("/products/N-004")
    page.get_by_role("button", name="カゴに入れる").click()
    page.wait_for_url("**/cart")
    shoot(page, "steps-cart")
    page.get_by_role("link", name="注文手続きへ").click()
    steps.fill_address(page)
    for number in (1, 2):
        shoot(page, f"step{number}")
        page.get_by_role("button", name="次へ").click()
        page.wait_for_url(f"**/checkout/step{number + 1}")
    shoot(page, "step3")
    steps.fill_card(page)
    page.get_by_role("button", name="注文する").click()
    page.wait_for_url("**/complete")
    shoot(page, "step4")
    walk.pages(page, {"order-lookup": "/orders/lookup"})


def one_step_more(walk: Walk) -> None:
    """メールアドレスの確認, while the shop is on its guard."""
    page = walk.window()
    set_stage(walk, "step_up")
    steps.open_confirmation(page)
    steps.dialog(page).get_by_role("button", name="注文する").click()
    page.wait_for_url("**/checkout/verify")
    walk.camera.shoot(page, "checkout-verify")
    set_stage(walk, "stopped")
    walk.pages(page, {"checkout-card-limit": "/checkout/zero"})
    set_stage(walk, "off")


def set_stage(walk: Walk, stage: str) -> None:
    with walk.app.app_context():
        since = now()
    change(walk.app, CardGuard.stage, stage)
    change(walk.app, CardGuard.stage_since, since)


def refused_and_waiting(walk: Walk) -> None:
    """A refused card, then an authentication that is not finished: its page, and S10 in another tab."""
    page = walk.window()
    steps.open_confirmation(page, カード番号="4980000000038261")
    steps.dialog(page).get_by_role("button", name="注文する").click()
    page.locator("#refusal").wait_for()
    walk.camera.shoot(page, "checkout-refused")
    change(walk.app, PaymentMethod.options, json.dumps({"use_3ds": "1", "attempt_control": "low"}), kind="card")
    steps.fill_card(page)
    steps.press_confirm(page)
    steps.dialog(page).get_by_role("button", name="注文する").click()
    page.wait_for_url("**/paygent/3ds/**")
    walk.camera.shoot(page, "issuer-practice")
    tab = page.context.new_page()
    walk.pages(tab, {"waiting-3ds": "/checkout/pending"})


def desk_before_the_first_order(walk: Walk) -> Page:
    page = walk.window()
    walk.pages(page, {"admin-login": "/admin/login"})
    steps.log_in(page, shop.OWNER, shop.OWNER_PASSWORD)
    walk.pages(page, {"admin-orders-empty": "/admin/orders", "admin-mails-empty": "/admin/mails", "admin-log-empty": "/admin/log"})
    return page


def desk_at_work(walk: Walk, page: Page) -> None:
    """One order in each state: to capture, differing, captured and completed, cancelled."""

    def order(method: str) -> str:
        buyer = walk.window()
        steps.open_confirmation(buyer, method)
        return steps.place(buyer)

    yellow, red, done, undone = (order(m) for m in (steps.CARD_METHOD,) * 3 + (steps.CASH_METHOD,))
    shop.run_jobs(walk.app)
    walk.pages(page, {"admin-order-yellow": f"/admin/orders/{yellow}", "admin-editor": f"/admin/orders/{red}/edit"})
    page.get_by_label("送料 金額").fill("七百円")
    page.get_by_label("送料 金額").press("Enter")
    walk.camera.shoot(page, "admin-editor-error")
    page.get_by_label("送料 金額").fill("700")
    page.get_by_label("送料 金額").press("Enter")
    page.get_by_text("変更しました。").wait_for()
    walk.pages(page, {"admin-order-red": f"/admin/orders/{red}"})
    page.goto(f"/admin/orders/{done}")
    page.get_by_role("button", name="売上確定").click()
    walk.camera.shoot(page, "admin-capture")
    page.get_by_role("button", name="売上確定を実行する").click()
    walk.camera.shoot(page, "admin-order-captured")
    for number, target in ((done, "completed"), (undone, "cancelled")):
        page.goto(f"/admin/orders/{number}/move/{target}")
        if target == "cancelled":
            walk.camera.shoot(page, "admin-move")
        page.get_by_role("button", name="一覧へ移動").click()
    change(walk.app, OutboxMail.state, "failed", id=1)
    change(walk.app, OutboxMail.last_error, "550 mailbox unavailable", id=1)


def in_doubt(walk: Walk, page: Page) -> None:
    """An order that a person has to look at: another card goes to the same address."""
    change(walk.app, CardGuard.review_cards, 2)
    buyer = walk.window()
    steps.open_confirmation(buyer, カード番号="3580000000001000")
    number = steps.place(buyer)
    walk.pages(page, {"admin-order-doubt": f"/admin/orders/{number}"})


def lists_and_settings(walk: Walk, page: Page) -> None:
    page.goto("/admin/settings/deliveries/1")
    page.get_by_label("表示用宅配便名").fill("つきのわ便")
    page.get_by_role("button", name="確認画面へ").click()
    walk.camera.shoot(page, "admin-delivery-confirm")
    page.get_by_role("button", name="設定する").click()
    walk.pages(page, {
        "admin-dashboard": "/admin", "admin-orders-open": "/admin/orders", "admin-orders-completed": "/admin/orders?list=completed",
        "admin-orders-cancelled": "/admin/orders?list=cancelled", "admin-orders-uncaptured": "/admin/orders?todo=uncaptured",
        "admin-attention": "/admin/payments/attention", "admin-attempts": "/admin/payments/attempts", "admin-holds": "/admin/holds",
        "admin-mails": "/admin/mails", "admin-mail": "/admin/mails/1", "admin-mail-copy": "/admin/mails/2/again", "admin-mail-check": "/admin/mails/check",
        "admin-methods": "/admin/settings/payment-methods", "admin-methods-basic": "/admin/settings/payment-methods?tab=basic",
        "admin-method-card": "/admin/settings/payment-methods/1", "admin-method-cash": "/admin/settings/payment-methods/2",
        "admin-deliveries": "/admin/settings/deliveries", "admin-delivery": "/admin/settings/deliveries/1",
        "admin-coupons": "/admin/settings/coupons", "admin-coupon": "/admin/settings/coupons/1", "admin-coupon-new": "/admin/settings/coupons/new",
        "admin-member-settings": "/admin/settings/members", "admin-own-password": "/admin/password", "admin-two-step": "/admin/two-step", "admin-two-step-set-up": "/admin/two-step/set-up",
        "admin-log": "/admin/log", "admin-staff": "/admin/staff", "admin-staff-new": "/admin/staff/new", "admin-card-guard": "/admin/settings/card-guard", "admin-design": "/admin/design",
        "admin-customers": "/admin/customers", "admin-customer": "/admin/customers/1", "admin-products": "/admin/products",
        **{f"admin-design-{screen}": f"/admin/design/carts/{screen}" for screen in SCREENS},
    })  # fmt: skip
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    page.keyboard.press("?")
    walk.camera.shoot(page, "admin-keys", whole=False)


def accounts(walk: Walk) -> None:
    """会員登録 by a link, and what a member changes about how they log in."""
    page, shoot = walk.window(), walk.camera.shoot
    walk.pages(page, {"login": "/login", "register": "/register", "password-forgotten": "/password/forgotten"})
    page.goto("/register")
    steps.field(page, "メールアドレス").fill("hanako@example.jp")
    page.get_by_role("button", name="登録用のメールを送る").click()
    shoot(page, "link-sent")
    page.goto(members.link(walk.app, "hanako@example.jp"))
    steps.field(page, "会員ID").fill("ab")
    page.get_by_role("button", name="登録する").click()
    shoot(page, "register-details")
    for label, text in {"お名前": "山田 花子", "会員ID": "hanako", "パスワード": members.PASSWORD}.items():
        steps.field(page, label).fill(text)
    page.get_by_role("button", name="登録する").click()
    pages = {"id": "/mypage/login-id", "password": "/mypage/password", "email": "/mypage/email", "leave": "/mypage/leave"}
    walk.pages(page, {f"account-{name}": address for name, address in pages.items()})
    walk.pages(page, {"link-dead": "/password/new"})
    unproven(walk, page)
    my_page(walk, page)


def unproven(walk: Walk, page: Page) -> None:
    """As for who came with an order: the address is still to be proven; it is in the end."""
    change(walk.app, Member.proven_at, None)
    walk.pages(page, {"mypage-unproven": "/mypage", "email-proof": "/mypage/email/proof"})
    page.get_by_role("button", name="確認用のメールを送る").click()
    page.goto(members.link(walk.app, "hanako@example.jp"))
    walk.camera.shoot(page, "email-proof-link")
    page.get_by_role("button", name="確認する").click()


def my_page(walk: Walk, page: Page) -> None:
    """マイページ, empty at first; then with a card and an order."""
    walk.pages(page, {
        "mypage": "/mypage", "mypage-profile": "/mypage/profile", "mypage-history": "/mypage/history", "mypage-subscriptions": "/mypage/subscriptions",
        "mypage-addresses-empty": "/mypage/addresses", "mypage-address": "/mypage/addresses/new",
        "mypage-orders-empty": "/mypage/orders", "mypage-card-form": "/mypage/cards/1/form",
    })  # fmt: skip
    steps.fill_card(page)
    page.get_by_role("button", name="登録").click()
    page.wait_for_url("**/mypage/cards/1")
    walk.camera.shoot(page, "mypage-card")
    steps.into_basket(page)
    walk.camera.shoot(page, "checkout-stored-card")
    steps.fill_address(page)
    steps.choose(page, steps.CASH_METHOD)
    steps.press_confirm(page)
    number = steps.place(page)
    walk.pages(page, {"mypage-orders": "/mypage/orders"})
    page.get_by_role("link", name=number).click()
    walk.camera.shoot(page, "mypage-order")
    page.get_by_role("link", name="キャンセルを依頼する").click()
    walk.camera.shoot(page, "cancel-request")
    walk.pages(page, {"mypage-cards": "/mypage/cards", "mypage-card-change": "/mypage/cards/1/form", "mypage-card-remove": "/mypage/cards/1/remove"})
    page.goto("/mypage/addresses/new")
    for label, text in {"お届け先のお名前": "山田 みのり", "電話番号": "0263-00-0002", "郵便番号": "390-0811", "市区町村・番地": "松本市中央2-3-4"}.items():
        steps.field(page, label).fill(text)
    steps.field(page, "都道府県").select_option("長野県")
    page.get_by_role("button", name="追加する").click()
    page.wait_for_url("**/mypage/addresses")
    walk.camera.shoot(page, "mypage-addresses")
    page.get_by_role("link", name="削除").click()
    walk.camera.shoot(page, "mypage-address-remove")
    page.goto("/products/N-004")
    page.get_by_role("button", name="カゴに入れる").click()
    page.get_by_role("link", name="注文手続きへ").click()
    walk.camera.shoot(page, "step1-member")


@contextmanager
def opened() -> Iterator[tuple[Flask, Config]]:
    """A demo shop with its provider, served in threads of this process."""
    with machine.workplace() as folder, reserved_port() as door:
        instance = folder / "instance"
        instance.mkdir()
        simulator = Simulator(instance)
        config = shop.settings(instance, f"sqlite:///{instance / 'shop.sqlite3'}", door.getsockname()[1], simulator.port)
        shop.migrate(config)
        shop.load_demo(config)
        seed.draw(instance)
        app = create_app(config)
        server = LiveServer(app, door)
        try:
            yield app, config
        finally:
            server.close()
            shop.dispose(app)
            simulator.close()


def walk_through(browser: Browser, app: Flask, config: Config) -> Camera:
    def window(**options: object) -> Page:
        wanted = {"base_url": config.base_url, "locale": "ja-JP", "viewport": DESKTOP} | options
        return browser.new_context(**wanted).new_page()  # type: ignore[arg-type]

    FOLDER.mkdir(exist_ok=True)
    walk = Walk(app, window, Camera(FOLDER))
    window_of_the_shop(walk)
    staff = desk_before_the_first_order(walk)
    checkout(walk)
    without_script(walk)
    in_steps(walk)
    one_step_more(walk)
    accounts(walk)
    desk_at_work(walk, staff)
    in_doubt(walk, staff)
    refused_and_waiting(walk)
    lists_and_settings(walk, staff)
    return walk.camera


def main() -> int:
    with opened() as (app, config), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(machine.chromium()), args=ARGUMENTS)
        camera = walk_through(browser, app, config)
        browser.close()
    camera.tidy()
    size = sum(file.stat().st_size for file in FOLDER.glob("*.webp"))
    print(f"{len(camera.taken)} pictures, {size / 1e6:.1f} MB in {FOLDER.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
