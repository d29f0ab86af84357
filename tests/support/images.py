"""Image files as people – and worse – bring them, made here: no file of anybody's lies in the tree."""

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image

#: What must not come through: written into places of a file that no eye sees.
HIDDEN = b"<script>alert('planted')</script>"
_ORIENTATION, _CAMERA, _GPS = 0x0112, 0x010F, 0x8825


def picture(kind: str = "PNG", size: tuple[int, int] = (300, 100), colour: str = "#204060", **options: object) -> bytes:
    """An image of one colour with a white corner at the top left."""
    image = Image.new("RGB", size, colour)
    image.paste("white", (0, 0, size[0] // 4, size[1] // 4))
    return _written(image, kind, **options)


def clear() -> bytes:
    """A PNG one can see through."""
    return _written(Image.new("RGBA", (120, 60), (200, 30, 30, 0)), "PNG")


def photograph() -> bytes:
    """A JPEG as a phone takes it: lying on its side, with camera and place in its EXIF, and a comment."""
    exif = Image.Exif()
    exif[_ORIENTATION], exif[_CAMERA] = 6, "PlantedCamera"
    exif.get_ifd(_GPS).update({1: "N", 2: (35.0, 41.0, 22.0), 3: "E", 4: (139.0, 41.0, 30.0), 29: "2026:11:21"})
    return picture("JPEG", (200, 100), exif=exif, comment=HIDDEN)


def polyglot() -> bytes:
    """A JPEG that is a web page, too."""
    return picture("JPEG", comment=HIDDEN) + b"<html><body>" + HIDDEN + b"</body></html>"


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a few bytes that says it is this large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(b"\0" * 64)) + _chunk(b"IEND", b"")


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'

#: What is refused as no image of the three kinds, by what it is.
NO_IMAGES: dict[str, Callable[[], bytes]] = {
    "svg": lambda: SVG,
    "page": lambda: b"<!doctype html>" + HIDDEN,
    "gif": lambda: picture("GIF"),
    "bmp": lambda: picture("BMP"),
    "tiff": lambda: picture("TIFF"),
    "head of a png": lambda: picture()[:60],
    "half a jpeg": lambda: picture("JPEG", (900, 300))[:900],
    "broken webp": lambda: picture("WEBP")[:20] + b"\xff" * 200,
    "page with a png's head": lambda: b"\x89PNG\r\n\x1a\n" + HIDDEN,
    "bytes": lambda: bytes(range(256)) * 8,
}


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _written(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
