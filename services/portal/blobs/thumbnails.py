"""Small pictures for a list: upright, without what a camera writes into its files (place, time, device)."""

import io
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

EDGE = 320
MOST_PIXELS = 40_000_000
"""What is decoded at once; a JPEG beyond it is decoded at a fraction of its size, another picture is not drawn."""
DRAWN = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff"})


def draw_thumbnail(content: Any, media_type: str) -> bytes | None:
    """Return a JPEG of at most 320 pixels, None for what is no picture or cannot be drawn within reason."""
    if media_type not in DRAWN:
        return None
    content.seek(0)
    try:
        with Image.open(content) as picture:
            picture.draft("RGB", (2 * EDGE, 2 * EDGE))
            if picture.width * picture.height > MOST_PIXELS:
                return None
            return _drawn(picture)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        return None


def _drawn(picture: Image.Image) -> bytes:
    small = ImageOps.exif_transpose(picture)
    small.thumbnail((EDGE, EDGE))
    flat = Image.new("RGB", small.size, "white")
    with_alpha = small.convert("RGBA")
    flat.paste(with_alpha, mask=with_alpha.getchannel("A"))
    drawn = io.BytesIO()
    flat.save(drawn, "JPEG", quality=80)  # a fresh picture: nothing of the original but its pixels
    return drawn.getvalue()
