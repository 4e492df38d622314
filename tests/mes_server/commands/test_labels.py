"""`mes lot label` and `mes label`, as they are typed: paper that is read back, and what is refused."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from mes_server.cli import main
from mes_server.domain.amounts import Amount
from mes_server.domain.cards import COMMANDS, card_code, command_code
from mes_server.domain.labels import label_id
from mes_server.store.engine import open_engine, reading
from mes_server.store.ledger import head, load_stream
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.commands.test_commands import Call, mes, plant
from tests.mes_server.reports.paper import attachments, decoded, pages, text_of
from tests.mes_server.reports.zpl_reader import print_zpl

__all__ = ["mes", "plant"]


@pytest.fixture
def lot(plant: Path) -> str:
    """The code of a lot of that plant."""
    engine = open_engine(f"sqlite:///{plant / 'lodestone.db'}")
    code = Floor(engine).receive(Amount(10, 12_500_000), "parts")
    engine.dispose()
    return code


def matrices(file: Path) -> set[str]:
    """What the Data Matrix codes of a PDF hold."""
    return {code.text for page in pages(file.read_bytes()) for code in decoded(page)["DataMatrix"]}


def test_a_label_is_minted_once_and_again_with_a_reason(mes: Call, lot: str, plant: Path) -> None:
    said = mes("lot", "label", lot, "--pdf", "tag.pdf", "--by", "W0042")
    assert said.exit_code == 0, said.output
    assert said.output == f"Label {label_id(lot, 1)} is in tag.pdf.\n"
    assert matrices(plant / "tag.pdf") == {label_id(lot, 1)}
    refused = mes("lot", "label", lot, "--zpl", "tag.zpl")
    assert refused.exit_code == 1
    assert refused.stderr == (
        f"Error: {label_id(lot, 1)} was printed already. Say why it is printed again; "
        "the old one is void then.\n"
    )
    again = mes("lot", "label", lot, "--zpl", "tag.zpl", "--dpi", "300", "--reason", "torn")
    assert again.exit_code == 0, again.output
    printed = print_zpl((plant / "tag.zpl").read_text())
    assert printed.data_matrix == printed.qr == label_id(lot, 2)
    assert printed.page.shape[1] == 1200
    with reading(open_engine(f"sqlite:///{plant / 'lodestone.db'}")) as conn:
        first, *_ = load_stream(conn, f"label:{lot}")
    assert first.person == "W0042"


def test_the_address_of_the_plant_is_in_the_qr_code(
    mes: Call, lot: str, plant: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MES_ADDRESS", "http://mes.plant:8080")
    assert mes("lot", "label", lot, "--zpl", "tag.zpl").exit_code == 0
    printed = print_zpl((plant / "tag.zpl").read_text())
    assert printed.qr == f"http://mes.plant:8080/lots/{lot}#{label_id(lot, 1)}"


@pytest.mark.parametrize("options", [(), ("--pdf", "a", "--zpl", "b")])
def test_a_label_is_printed_in_one_way(mes: Call, lot: str, options: tuple[str, ...]) -> None:
    said = mes("lot", "label", lot, *options)
    assert said.exit_code == 2
    assert "one of --pdf FILE and --zpl FILE" in said.stderr


@pytest.mark.usefixtures("plant")
def test_a_lot_there_is_not_has_no_label(mes: Call) -> None:
    said = mes("lot", "label", "L26-000999-00", "--pdf", "tag.pdf")
    assert said.exit_code == 1
    assert "L26-000999-00" in said.stderr


def test_a_file_that_cannot_be_written_is_said_before_a_label_is_minted(
    mes: Call, lot: str, plant: Path
) -> None:
    said = mes("lot", "label", lot, "--pdf", "nowhere/tag.pdf")
    assert said.exit_code == 1
    assert "nowhere/tag.pdf cannot be written" in said.stderr
    with reading(open_engine(f"sqlite:///{plant / 'lodestone.db'}")) as conn:
        assert load_stream(conn, f"label:{lot}") == []


def test_a_label_is_voided_by_name(mes: Call, lot: str) -> None:
    label = label_id(lot, 1)
    assert mes("label", "void", label, "--reason", "lost").exit_code == 1
    assert mes("lot", "label", lot, "--pdf", "tag.pdf").exit_code == 0
    said = mes("label", "void", label, "--reason", "lost")
    assert said.output == f"Label {label} is void.\n"
    again = mes("label", "void", label, "--reason", "lost")
    assert "is void: lost" in again.stderr


def test_the_wall_sheet_needs_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(main, ["label", "wall-sheet", "--pdf", "wall.pdf"])
    assert said.output == f"{len(COMMANDS)} cards are in wall.pdf.\n"
    assert matrices(tmp_path / "wall.pdf") == {command_code(command) for command in COMMANDS}


def test_stations_badges_and_containers_get_cards(mes: Call, plant: Path) -> None:
    made = {
        card_code("station", "sinter-1"): ("station", "sinter-1"),
        card_code("badge", "W0042"): ("badge", "W0042", "--name", "王伟"),
        card_code("container", "0117"): ("container", "0117"),
    }
    for code, words in made.items():
        said = mes("label", *words, "--pdf", "cards.pdf")
        assert said.output == "1 cards are in cards.pdf.\n"
        assert matrices(plant / "cards.pdf") == {code}
    assert mes("label", "station", "--pdf", "all.pdf").exit_code == 0
    assert matrices(plant / "all.pdf") == {card_code("station", "sinter-1")}


@pytest.mark.usefixtures("plant")
def test_what_has_no_card_is_said(mes: Call) -> None:
    said = mes("label", "station", "press-9", "--pdf", "cards.pdf")
    assert "There is no station press-9" in said.stderr
    said = mes("label", "badge", "王伟", "--pdf", "cards.pdf")
    assert said.stderr.startswith("Error: “王伟” cannot stand on a card. Use letters")
    assert said.exit_code == 1


@pytest.mark.usefixtures("plant")
def test_a_character_that_no_font_has_is_said_in_a_sentence(mes: Call) -> None:
    said = mes("label", "badge", "W1", "--name", "\U0001f9f2", "--pdf", "cards.pdf")
    assert said.exit_code == 1
    assert "could not be displayed" in said.stderr


def test_every_paper_remembers_the_ledger_and_is_compared_with_it(
    mes: Call, lot: str, plant: Path
) -> None:
    assert mes("lot", "label", lot, "--pdf", "tag.pdf").exit_code == 0
    assert mes("label", "container", "0117", "--pdf", "card.pdf").exit_code == 0
    with reading(open_engine(f"sqlite:///{plant / 'lodestone.db'}")) as conn:
        last = head(conn, 0)
        (printed,) = load_stream(conn, f"label:{lot}")
    assert last.number == printed.number, "the label is covered by its own anchor"
    for file in ("tag.pdf", "card.pdf"):
        pdf = (plant / file).read_bytes()
        assert last.on_paper() in "".join(text_of(pdf).split())
        assert attachments(pdf) == {"ledger.json": {"count": last.number, "hash": last.hash}}
    said = mes("verify", "--anchor", last.on_paper())
    assert said.exit_code == 0
    assert "Yes: the ledger holds" in said.output
