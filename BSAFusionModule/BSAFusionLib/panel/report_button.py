"""The button that saves the report of a fusion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt

from ..app.i18n import tr as _
from ..engine.errors import BSAFusionError

Page = Callable[[], str]


class ReportButton:
    """Asks where to, and writes the page there; shown where there is one.

    tell: takes one sentence about how it went.
    """

    def __init__(self, button: Any, tell: Callable[[str], None]) -> None:
        self._button = button
        self._tell = tell
        self._page: Page | None = None
        button.connect("clicked(bool)", self.on_click)

    def take(self, page: Page | None) -> None:
        """Take another page, or none."""
        self._page = page
        self._button.visible = page is not None

    def on_click(self) -> None:
        """Write the page into a file of the user's choice."""
        title, kinds = _("Save report"), _("Web page (*.html)")
        chosen = qt.QFileDialog.getSaveFileName(self._button, title, "report.html", kinds)
        if not chosen or self._page is None:
            return
        path = Path(chosen if chosen.lower().endswith(".html") else f"{chosen}.html")
        try:
            path.write_text(self._page(), encoding="utf-8")
        except BSAFusionError as error:
            self._tell(error.message)
        except OSError as error:
            reason = error.strerror or str(error)
            self._tell(
                _("'{path}' cannot be written ({reason}): choose another place.").format(
                    path=path, reason=reason
                )
            )
        else:
            self._tell(_("The report was saved as '{path}'.").format(path=path))
