"""The receiving side on both databases, and an edge that it knows."""

import pytest
from sqlalchemy import Engine

from tests.mes_server.edge import Edge
from tests.mes_server.mes import Mes


@pytest.fixture
def mes(engine: Engine) -> Mes:
    return Mes(engine)


@pytest.fixture
def edge(mes: Mes) -> Edge:
    """An edge that was born."""
    edge = Edge()
    mes.take(edge.nbirth(), edge.dbirth())
    return edge
