"""The picture of the streams: every place has a box, nothing lies on anything, bands are as wide as their water."""

from itertools import combinations

from mes_server.demo.simulation import load_quality
from mes_server.domain.documents import Document
from mes_server.domain.waterworks import Waterworks, waterworks_of
from mes_server.web.flow_picture import HEIGHT, WIDTH, draw
from tests.mes_server.domain.water_making import works


def demo() -> Waterworks:
    """The waterworks of the demo."""
    content = next(d["content"] for d in load_quality("water")["documents"] if d["kind"] == "waterworks")  # fmt: skip
    return waterworks_of(Document("waterworks", "WATER", "A", content, 0, "E-401"))


def test_every_place_has_a_box_of_its_own() -> None:
    """Also every line that drains somewhere; none lies on another, all inside the drawing."""
    site = demo()
    found = draw(site, {})
    draining = {one.station for one in site.lines if one.drains}
    assert {box.code for box in found.boxes} == draining | {one.code for one in site.places}
    for a, b in combinations(found.boxes, 2):
        assert abs(a.x - b.x) >= WIDTH or abs(a.y - b.y) >= HEIGHT
    assert all(b.x + WIDTH <= found.width and b.y + HEIGHT <= found.height for b in found.boxes)


def test_a_band_is_as_wide_as_its_water() -> None:
    """What is not measured is said to be so; a treatment without a meter sends what its streams sent."""
    found = {(b.start, b.end): b for b in draw(works(), {"s-ni": 2.0, "s-ph": 8.0}).bands}
    assert found["s-ph", "t-all"].width == 4 * found["s-ni", "t-ni"].width
    assert found["t-all", "o-plant"].width == found["s-ph", "t-all"].width
    assert found["t-all", "o-plant"].known
    assert not found["o-shop", "o-plant"].known


def test_nothing_is_drawn_of_nothing() -> None:
    """An empty document does not break the page."""
    assert draw(works(places=[], lines=[], meters=[]), {}).boxes == ()
