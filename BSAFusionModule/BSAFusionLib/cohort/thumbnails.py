"""Small pictures of the pairs for the page, made once and kept in memory."""

from __future__ import annotations

import base64
import io
from html import escape
from pathlib import Path

from .record import Record

_WIDTH = 400
_QUALITY = 80


class Thumbnails:
    """Pictures of a run's pairs as HTML."""

    def __init__(self, out: Path) -> None:
        """out: the run's folder."""
        self._out = out
        self._made: dict[str, str] = {}

    def of(self, record: Record) -> str | None:
        """The small preview, inside the page, linked to report or preview; None without a preview."""
        files = record.get("files", [])
        preview = next((name for name in files if name.endswith("preview.png")), None)
        if preview is None:
            return None
        target = next((name for name in files if name.endswith("report.html")), preview)
        if preview not in self._made:
            self._made[preview] = self._small(self._out / preview)
        source = f'src="data:image/jpeg;base64,{self._made[preview]}"'
        label = escape(f"Preview of {record['id']}", quote=True)
        return f'<a href="{escape(target, quote=True)}"><img {source} alt="{label}" loading="lazy"></a>'

    @staticmethod
    def _small(path: Path) -> str:
        from PIL import Image

        with Image.open(path) as picture:
            small = picture.convert("RGB")
        small.thumbnail((_WIDTH, 4 * _WIDTH))
        content = io.BytesIO()
        small.save(content, "JPEG", quality=_QUALITY)
        return base64.b64encode(content.getvalue()).decode()
