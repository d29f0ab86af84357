"""Images that staff bring. What comes in is never kept: it is decoded, bounded and drawn anew, so that place and camera
in its EXIF, and whatever else hides in a file, stay behind. Our copy has a random name in the folder of public pictures.

An image is taken in when it is chosen and counts once a row names it; what no row names is swept a day later.
"""

import io
import os
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Self

from PIL import Image, ImageOps
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from shop.core import ids
from shop.core.runtime import runtime

#: A file as it comes, in bytes.
MAX_BYTES = 2 * 1024 * 1024
#: Its longest side in pixels, read from its head before anything is decoded.
MAX_SIDE = 4000
#: Decided by decoding; what the browser says of name and type is not asked.
_FORMATS = ("JPEG", "PNG", "WEBP")
#: What we keep of a logo, and of an image across the page, in pixels: more than pages show, for fine screens.
LOGO, BANNER = (600, 200), (1600, 400)
_FOLDER = "logos"
_UNCLAIMED_LIFE = timedelta(days=1)


class Refused(ValueError):
    """Not an image we take: the subclass says why."""


class TooBig(Refused):
    """More than :data:`MAX_BYTES`."""


class TooWide(Refused):
    """More than :data:`MAX_SIDE` pixels on a side."""


class NotAnImage(Refused):
    """No JPEG, PNG or WebP, or a broken one."""


class Picture(NamedTuple):
    """An image of ours: its file below the folder of public pictures, and its size in pixels."""

    file: str
    width: int
    height: int

    def within(self, width: int, height: int) -> tuple[int, int]:
        """The size to show it at: inside this box, its shape kept, never enlarged."""
        scale = min(width / self.width, height / self.height, 1)
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))


class WithLogo:
    """Columns of what may carry a logo."""

    logo_file: Mapped[str] = mapped_column(String(80), default="")
    logo_width: Mapped[int] = mapped_column(default=0)
    logo_height: Mapped[int] = mapped_column(default=0)
    #: 代替テキスト(ALT). Never without an image.
    logo_alt: Mapped[str] = mapped_column(String(100), default="")

    @property
    def logo(self) -> Picture | None:
        return Picture(self.logo_file, self.logo_width, self.logo_height) if self.logo_file else None

    def set_logo(self: Self, picture: Picture | None, alt: str) -> str:
        """Carry this one from now on. Returns the file nobody needs any more, to be removed after the commit, or ``""``."""
        before = self.logo_file
        self.logo_file, self.logo_width, self.logo_height = picture or ("", 0, 0)
        self.logo_alt = alt if picture else ""
        return before if before != self.logo_file else ""


def take(data: bytes, now: datetime, box: tuple[int, int] = LOGO) -> Picture:
    """Keep our own copy of an image, made to fit into ``box``. Raises a :class:`Refused`; then nothing is kept."""
    if len(data) > MAX_BYTES:
        raise TooBig
    image = _opened(data)
    if max(image.size) > MAX_SIDE:
        raise TooWide
    drawn, written = _drawn_anew(image, box)
    picture = Picture(f"{_FOLDER}/{ids.public_id()}.webp", *drawn.size)
    path = _path(picture.file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written)
    claim(picture, now)
    return picture


def _opened(data: bytes) -> Image.Image:
    """The image, its head read and nothing else."""
    try:
        return Image.open(io.BytesIO(data), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooWide from error
    except Exception as error:  # a decoder says in many ways that a file is broken
        raise NotAnImage from error


def _drawn_anew(image: Image.Image, box: tuple[int, int]) -> tuple[Image.Image, bytes]:
    """Decoded, upright, in the size we keep; and the same as a file that holds nothing but its pixels."""
    written = io.BytesIO()
    try:
        upright = ImageOps.exif_transpose(image)
        drawn = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except Exception as error:  # as above: the rest of the file may be anything
        raise NotAnImage from error
    drawn.thumbnail(box)
    # Drawings stay sharp, photographs small.
    drawn.save(written, "WEBP", lossless=image.format in ("PNG", "WEBP"), quality=90)
    return drawn, written.getvalue()


def claim(picture: Picture, now: datetime) -> bool:
    """Renew the time for which ``picture`` is kept without a row that names it. Returns whether it is still there."""
    try:
        os.utime(_path(picture.file), (now.timestamp(), now.timestamp()))
    except FileNotFoundError:
        return False
    return True


def remove(file: str) -> None:
    """Take an image away, after the commit that no longer names it. Nothing happens for ``""`` and for one that is gone."""
    if file:
        _path(file).unlink(missing_ok=True)


def sweep(named: Collection[str], now: datetime) -> int:
    """Take away images that no row names (``named`` are those that are) and nobody claimed for a day. Returns how many."""
    oldest = (now - _UNCLAIMED_LIFE).timestamp()
    left = [
        path
        for path in _path(_FOLDER).glob("*.webp")
        if f"{_FOLDER}/{path.name}" not in named and path.stat().st_mtime < oldest
    ]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _path(file: str) -> Path:
    return runtime().config.instance / "media" / file
