"""The binder by clause: what proves each, with its gaps; as a page and as one archive."""

from datetime import datetime

from flask import Blueprint, Response, render_template

from mes_server.actions.compile_binder import compile_binder
from mes_server.domain.binder import Binder
from mes_server.reports.binder_zip import gap_text, to_zip
from mes_server.web.guards import needs
from mes_server.web.page import now_ms, product_version, words
from mes_server.web.site import this_site

binder_pages = Blueprint("binder", __name__)


def _now() -> Binder:
    site = this_site()
    with site.reading() as conn:
        return compile_binder(conn, now_ms(), site.settings.site, product_version())


@binder_pages.get("/quality/binder")
@needs("read")
def binder() -> str:
    """Every clause with its state and gaps."""
    language = words().language
    return render_template(
        "quality/binder.html", binder=_now(), gap=lambda one: gap_text(one, language)
    )


@binder_pages.get("/quality/binder.zip")
@needs("read")
def archive() -> Response:
    """The same with all records, to hand over."""
    zone, made = this_site().settings.zone, _now()
    day = datetime.fromtimestamp(made.made_ms / 1000, zone).date().isoformat()
    headers = {"Content-Disposition": f'attachment; filename="binder_{day}.zip"'}
    return Response(
        to_zip(made, zone, words().language), mimetype="application/zip", headers=headers
    )
