"""What a provider has to be told before it works for a shop, and what 接続テスト says about what it was told."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of an account's or a method's settings form. The form is drawn from these, in their order."""

    key: str
    label: str
    secret: bool = False
    required: bool = True
    #: ``text``, ``secret``, ``lines``, ``radio`` (of ``choices``), ``check`` ("1" or "0") or ``pem``.
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""
    help: str = ""
    #: ``account`` values belong to the contract, ``method`` values to one way of paying under it.
    scope: str = "account"
    #: Names the contract itself: another value is another contract, not renewed credentials of the same one.
    contract: bool = False
    #: Heading of the form under which it stands.
    group: str = ""
    #: Number in the provider's guide, such as ``①``.
    mark: str = ""
    #: Key and value of a radio setting without which this one does not count, is hidden and may stay blank.
    only_if: tuple[str, str] | None = None
    #: What a value that is not blank must look like as a whole, and what is said when it does not.
    pattern: str = ""
    pattern_help: str = ""


#: Key of the method setting that says when money is taken, and its two values. The shop keeps it on the method and
#: copies it onto every order.
CAPTURE, CAPTURE_LATER, CAPTURE_AT_ONCE = "capture", "later", "at_once"


class Finding(StrEnum):
    """What 接続テスト says about a group of values."""

    CORRECT = "correct"
    WRONG = "wrong"
    #: Nothing short of a payment shows whether they are right.
    FIRST_PAYMENT = "first_payment"
    #: No usable answer came; nothing is known.
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class SettingsCheck:
    """A finding about the settings ``keys``, in a sentence of the provider's folder."""

    keys: tuple[str, ...]
    finding: Finding
    text: str = ""
    code: str = ""
    #: When a certificate among them ends.
    valid_until: datetime | None = None
