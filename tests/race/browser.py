"""A buyer's browser over real HTTP: cookies, the CSRF token, the steps of an order. No script, no page model."""

import http.client
import re
import socket
import time
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlencode, urlsplit

from tests.support.issuer import AUTHENTICATE, LOOK
from tests.support.products import Request, beyond

_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')
#: 本人認証を続ける on the pending page.
_GO_ON = re.compile(r'href="(?:http://[^/"]+)?(/pay/h/[^"]+)"')
_CONFIRMATION = re.compile(r'name="confirmation_token" value="([^"]+)"')
#: Only ends a test whose answer never comes.
_TIMEOUT = 50.0
_BUYERS = count(1)

#: Where the two carts take 注文する.
ZERO, STEPS = "/checkout/zero/place", "/checkout/place"
BUYER = {
    "buyer_name": "山田 太郎", "buyer_kana": "ヤマダ タロウ", "email": "taro@example.jp", "phone": "0901112222",
    "postal_code": "390-0811", "prefecture": "長野県", "address1": "松本市中央1-1-1", "ship_to": "same",
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    location: str
    text: str


class Browser:
    """One session. :meth:`tab` gives a second window with the same cookies."""

    def __init__(self, port: int, cookies: dict[str, str] | None = None, csrf: str = "", mailbox: str = "") -> None:
        self._port = port
        self._shop_url = f"http://127.0.0.1:{port}"
        self._connection: http.client.HTTPConnection | None = None
        self.cookies = cookies or {}
        self.csrf = csrf
        #: A mailbox of their own: who waits for people's word cannot order with the same one.
        self.mailbox = mailbox or f"buyer.{next(_BUYERS)}@example.jp"

    def tab(self) -> "Browser":
        return Browser(self._port, dict(self.cookies), self.csrf, self.mailbox)

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def __del__(self) -> None:
        # A test that failed half-way closed nothing; the socket must not become the next test's warning.
        self.close()

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def look(self) -> None:
        """Have a page open, and with it the session's CSRF token."""
        self.csrf = self.csrf or found(_CSRF, self.get("/legal/privacy"))

    def post(self, path: str, fields: dict[str, object], **headers: str) -> Answer:
        """A form. The CSRF token is fetched at the first need."""
        self.look()
        body = urlencode({"csrf_token": self.csrf} | fields).encode()
        return self.request("POST", path, body, **headers)

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if method == "POST":
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT)
        try:
            self._connection.request(method, path, body or None, sent)
            response = self._connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except BaseException:
            self.close()
            raise
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name.strip()] = value
        return Answer(response.status, response.headers.get("Location", ""), text)

    def add(self, variant_id: int, quantity: int = 1) -> Answer:
        return self.post("/cart/items", {"variant_id": variant_id, "quantity": quantity})

    def confirm(self, delivery_id: int, method_id: int, **typed: str) -> str:
        """The confirmation's token – of the confirmation as the dialog shows it."""
        fields = BUYER | {"email": self.mailbox, "delivery_id": delivery_id, "payment_method_id": method_id, "installments": "1"} | typed
        return found(_CONFIRMATION, self.post("/checkout/zero/confirm", fields, X_Requested_With="fetch"))

    def confirm_in_steps(self, delivery_id: int, method_id: int, **typed: str) -> str:
        """The same through STEP1 and STEP2, of STEP3."""
        self.post("/checkout/step1", {**BUYER, "email": self.mailbox, **typed})
        self.post("/checkout/step2", {"delivery_id": delivery_id, "payment_method_id": method_id})
        return found(_CONFIRMATION, self.get("/checkout/step3"))

    def place(self, confirmation: str, card_token: str = "", path: str = ZERO) -> Answer:
        """注文する."""
        return self.post(path, {"confirmation_token": confirmation, "card_token": card_token})

    def way_back(self, hop: str, choice: str = AUTHENTICATE) -> Request:
        """From the shop's hop page over the issuer's: what leads back, not yet sent."""
        return beyond(self.get(hop).text, self._shop_url + hop, self._shop_url, choice)

    def stay_at_issuer(self, hop: str) -> None:
        """Open the issuer's page and press nothing."""
        self.way_back(hop, LOOK)

    def arrive(self, back: Request) -> Answer:
        """Come back from the issuer."""
        target = urlsplit(back.url)
        fields = urlencode(back.fields)
        if back.method == "post":
            return self.request("POST", f"{target.path}?{target.query}".rstrip("?"), fields.encode())
        return self.get(f"{target.path}?{target.query or fields}")

    def press_and_hang_up(self, confirmation: str, card_token: str, read: int, sent: float = 1.0) -> None:
        """注文する, and the line is cut: after that part of the request's bytes, or after ``read`` bytes of the answer. The
        browser keeps its old cookies."""
        fields = {"csrf_token": self.csrf, "confirmation_token": confirmation, "card_token": card_token}
        body = urlencode(fields).encode()
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        head = (
            "POST /checkout/zero/place HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\nCookie: {cookies}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", self._port), timeout=_TIMEOUT) as line:
            request = head.encode() + body
            line.sendall(request[: int(len(request) * sent)])
            if read and sent == 1:
                line.recv(read)

    def follow(self, answer: Answer, seconds: float = 20.0, *, through_issuer: bool = False) -> tuple[str, Answer]:
        """Where a redirect ends: its address and page. The pending page is reloaded until it leads on. ``through_issuer``: over the
        issuer's page, also when it takes 本人認証を続ける to get there."""
        until = time.monotonic() + seconds
        path = answer.location
        while path:
            answer = self.get(path)
            if through_issuer and is_away(path) and answer.status == 200:
                answer = self.arrive(beyond(answer.text, self._shop_url + path, self._shop_url))
            if answer.status in (302, 303):
                path = answer.location
            elif through_issuer and (go_on := _GO_ON.search(answer.text)):
                path = go_on[1]
            elif path != "/checkout/pending" or time.monotonic() > until:
                break
            else:
                time.sleep(0.1)
        return path, answer


def found(pattern: re.Pattern[str], answer: Answer) -> str:
    match = pattern.search(answer.text)
    assert match, f"{pattern.pattern} is not in the page: {answer.status} {answer.location} {answer.text[:2000]}"
    return match[1]


def is_away(path: str) -> bool:
    """Whether the shop sent the buyer on to the card issuer."""
    return path.startswith("/pay/h/")


def is_complete(path: str) -> bool:
    return path.startswith("/orders/") and path.endswith("/complete")
