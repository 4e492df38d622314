"""What an outlet discharged on a day, in mg of each pollutant: as the day was judged; else by the laboratory."""

from sqlalchemy import Connection

from mes_server.actions.assess_discharge import assess_day
from mes_server.actions.gather_water_day import CONCENTRATION, Span, load_mg, strengths_of
from mes_server.domain.waterworks import Place

_MG_PER_KG = 1_000_000


def outlet_loads(conn: Connection, outlet: Place, span: Span, volume_ml: int | None) -> dict[str, int]:  # fmt: skip
    """Of what is known. A pollutant that was judged and has no mean, for want of valid values, is not known."""
    judged = assess_day(conn, outlet.code, span.day, span.zone, span.now_ms)
    told = () if judged is None else judged.pollutants
    found = {
        one.pollutant: round(one.load_kg * _MG_PER_KG)
        for one in told
        if one.load_kg is not None and one.unit == CONCENTRATION
    }
    if volume_ml is not None:
        known = {one.pollutant for one in told}
        for name, (strength, _) in strengths_of(conn, outlet.code, span).items():
            if name not in known:
                found[name] = load_mg(volume_ml, strength)
    return found
