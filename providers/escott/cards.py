"""カード会員: a member at the provider holds one card. Every registration makes a member of its own: an id that was deleted
cannot be trusted to be usable again, and follow-ups of old orders go on needing the member they were paid with."""

import hashlib
import hmac
import re

from providers.escott.client import Answer
from providers.kept_cards import KeptCard, brand_of

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
#: KaiinStatus: 会員無効, which 4MemInval makes of a member; 会員削除, nothing is kept any more.
_INVALID, _DELETED = "3", "4"
_YYMM = re.compile("[0-9]{2}(0[1-9]|1[0-2])")
_END = re.compile("[0-9]{4}")


def kaiin_id(member_public_id: str, registration: int) -> str:
    """13 letters and digits, of this registration alone."""
    return _text(hashlib.sha256(f"{member_public_id}:{registration}".encode()).digest(), 13)


def kaiin_pass(seed: str, kaiin_id: str) -> str:
    """The pass of a member: made from the account's seed, so that it is known even where the answer to a registration was lost,
    and stands nowhere."""
    return _text(hmac.new(seed.encode(), kaiin_id.encode(), hashlib.sha256).digest(), 12)


def _text(digest: bytes, length: int) -> str:
    number = int.from_bytes(digest, "big")
    return "".join(_ALPHABET[number // 36**place % 36] for place in range(length))


def is_invalid(answer: Answer) -> bool:
    """Of 4MemRefM: whether nothing but 4MemDel is left to do."""
    return answer.ok and answer.get("KaiinStatus") == _INVALID


def is_deleted(answer: Answer) -> bool:
    return answer.ok and answer.get("KaiinStatus") == _DELETED


def kept(answer: Answer, kaiin_id: str) -> KeptCard | None:
    """The card of 4MemRefM; ``None`` for a member that was deleted."""
    if is_deleted(answer):
        return None
    number, expiry = answer.get("CardNo"), answer.get("CardExp")
    end = number[-4:] if _END.fullmatch(number[-4:]) else ""
    return KeptCard(kaiin_id, end, brand_of(number), expiry[2:] + expiry[:2] if _YYMM.fullmatch(expiry) else "")


def masked(number: str) -> str:
    """A card number as the provider hides it, for a timeline: of a clear one no more than its end."""
    return f"****{number[-4:]}"
