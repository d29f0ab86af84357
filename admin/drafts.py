"""What was typed into a settings form, sealed for the way through its confirmation page and back.

The browser carries it, so nothing is stored before 設定する, and leaving the page leaves nothing behind. It is
encrypted: a secret typed once is in no page in clear. Only the same member of staff can bring it back, to the same step.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from admin.blueprint import actor
from shop.core.crypto import CannotDecrypt
from shop.core.runtime import runtime

#: Secrets typed into a form that was shown again, and values that passed the form's rules.
TYPED, CHECKED = "typed", "checked"


def seal(values: Mapping[str, object], form: str, step: str) -> str:
    """``values`` for a hidden field. ``form`` says which form of which thing it is."""
    return base64.urlsafe_b64encode(runtime().vault.seal(values, _purpose(form, step))).decode()


def unseal(text: str, form: str, step: str) -> dict[str, Any] | None:
    """What :func:`seal` was given; ``None`` for anything that this member of staff did not get for this step."""
    try:
        return runtime().vault.open(base64.urlsafe_b64decode(text.encode()), _purpose(form, step))
    except (CannotDecrypt, binascii.Error, ValueError):
        return None


def _purpose(form: str, step: str) -> str:
    return f"draft:{step}:{form}:{actor()}"
