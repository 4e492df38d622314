"""The house rules a machine can check: sizes, mirrors, words, broad excepts, paper."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("schemas", "edge_agent", "firmware", "mes_server", "tools")
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 40
MIRRORED = ("domain", "actions", "store", "ingest", "uplink", "web", "reports")
# The only modules of these rooms that no test imports, and where they are tested instead.
NOT_IMPORTED = {
    "mes_server.store.chunk_rows": "tables alone: store/test_schema.py compares them with the database",
    "mes_server.web.answers_nodes": "shapes alone: web/test_openapi.py compares them",
    "mes_server.web.firmware": "asked by its addresses: web/test_firmware_pages.py",
    "mes_server.web.answers_people": "compared with what is answered: web/test_openapi.py",
    "mes_server.web.people": "asked by its addresses: web/test_people_pages.py",
    "mes_server.web.people_api": "asked by its addresses: web/test_people_pages.py",
    "mes_server.web.sign_in": "asked by its addresses: web/test_sign_in.py",
    "mes_server.web.api": "asked by its addresses: web/test_api.py",
    "mes_server.web.answers_lots": "shapes alone: web/test_openapi.py compares them with the answers",
    "mes_server.web.api_lots": "asked by its addresses: web/test_api_lots.py",
    "mes_server.web.bodies": "asked by what is sent: web/test_scans.py and test_api_lots.py",
    "mes_server.web.holds": "asked by its addresses: web/test_lot_pages.py and test_api_lots.py",
    "mes_server.web.marks": "asked by its address: web/test_api_lots.py",
    "mes_server.web.lot_acts": "asked by its addresses: web/test_lot_acts.py",
    "mes_server.web.lot_tables": "asked by its addresses: web/test_lot_tables.py",
    "mes_server.web.telemetry": "asked by its addresses: web/test_telemetry_pages.py",
    "mes_server.web.recall": "asked by its addresses: web/test_lot_pages.py",
    "mes_server.web.seen": "asked by the pages that show it: web/test_lot_pages.py",
    "mes_server.web.answers_scans": "shapes alone: web/test_openapi.py compares them with the answers",
    "mes_server.web.answers_handling": "shapes alone: web/test_openapi.py compares them",
    "mes_server.web.answers_checks": "shapes alone: web/test_openapi.py compares them",
    "mes_server.web.check_files": "asked by its addresses: web/test_check_files.py",
    "mes_server.web.answers_changes": "shapes alone: web/test_openapi.py compares them",
    "mes_server.web.problem_solving": "asked by its addresses: web/test_problem_solving.py",
    "mes_server.web.answers_nonconformances": "shapes alone: web/test_openapi.py compares them",
    "mes_server.web.nonconformances": "asked by its addresses: web/test_nonconformances.py",
    "mes_server.web.answers_identities": "shapes alone: web/test_openapi.py compares them",
    "mes_server.web.identities": "asked by its addresses: web/test_identities.py",
    "mes_server.web.answers_gauges": "shapes alone: web/test_openapi.py compares them",
    "mes_server.web.answers_gauge_lines": "shapes alone: web/test_openapi.py compares them",
    "mes_server.web.gauges": "asked by its addresses: web/test_gauges.py",
    "mes_server.web.gauge_studies": "asked by its addresses: web/test_gauge_studies.py",
    "mes_server.web.spc": "asked by its addresses: web/test_spc_pages.py",
    "mes_server.web.answers_signatures": "shapes alone: web/test_openapi.py compares them",
    "mes_server.web.signing": "asked by what is signed: web/test_checks.py",
    "mes_server.web.answers_papers": "shapes alone: web/test_openapi.py compares them",
    "mes_server.web.binder": "asked by its addresses: web/test_papers.py",
    "mes_server.web.answers_discharge": "shapes alone: web/test_openapi.py compares them",
    "mes_server.web.discharge_records": "asked by its addresses: web/test_discharge_records.py",
    "mes_server.web.exceedances": "asked by its addresses: web/test_discharge_records.py",
    "mes_server.web.papers": "asked by its addresses: web/test_papers.py",
    "mes_server.web.paper_api": "asked by its addresses: web/test_papers.py",
    "mes_server.web.paper_making": "asked by what it makes: web/test_papers.py",
    "mes_server.web.documents": "asked by its addresses: web/test_checks.py",
    "mes_server.web.routes": "asked by its addresses: web/test_route_pages.py",
    "mes_server.web.handling": "asked by its addresses: web/test_handling.py",
    "mes_server.web.handling_rights": "asked by its addresses: web/test_handling_rights.py",
    "mes_server.web.refusals": "asked by what is refused: web/test_scans.py",
    "mes_server.web.work": "asked by its address: web/test_scans.py",
    "mes_server.web.metrics": "asked by its address: web/test_condition.py",
    "mes_server.web.answers_reviews": "shapes alone: web/test_openapi.py compares them with the answers",
    "mes_server.web.calls": "asked by its addresses: web/test_tablet_line.py",
    "mes_server.web.late": "asked by what comes late: web/test_reviews.py",
    "mes_server.web.reviews": "asked by its addresses: web/test_reviews.py",
    "mes_server.web.openapi": "asked by its address: web/test_openapi.py",
}
# The only places that may catch everything, and why.
BROAD_EXCEPTS = {
    "edge_agent/bugs.py": "a task or a driver that faults does not stop the others",
    "firmware/onboard/launcher.py": "whatever is wrong with a slot, the other one gets its turn",
    "mes_server/actions/boundary.py": "no message may stop ingest",
    "mes_server/web/errors.py": "the page for a fault of ours",
}


def tracked(*patterns: str) -> list[Path]:
    """Files git knows, and new ones it does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


MODULES = [file for file in tracked("*.py") if file.relative_to(ROOT).parts[0] in (*ROOMS, "tests")]
OURS = [file for file in MODULES if file.relative_to(ROOT).parts[0] != "tests"]
TESTS = [file for file in MODULES if file.relative_to(ROOT).parts[0] == "tests"]


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def says_why_long(source: str) -> bool:
    """A long file or function says why in one line that begins with `# long:`."""
    return re.search(r"# long: \w+", source) is not None


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_a_file_fits_in_a_head_and_opens_with_what_it_is_for(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    tree = ast.parse(source)
    if source.strip() and file.name != "__init__.py":
        assert ast.get_docstring(tree), f"{name_of(file)} has no docstring"
    lines = source.count("\n")
    assert lines <= FILE_LINES_MAX or says_why_long(source), f"{name_of(file)}: {lines} lines"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            body = ast.get_source_segment(source, node) or ""
            assert length <= FUNCTION_LINES_MAX or says_why_long(body), (
                f"{name_of(file)}: {node.name} has {length} lines"
            )


def is_broad(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
    return handler.type is None or bool(names & {"Exception", "BaseException"})


def test_everything_is_caught_only_where_the_house_says_so() -> None:
    found = {
        name_of(file)
        for file in OURS
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and is_broad(node)
    }
    assert found <= set(BROAD_EXCEPTS), found - set(BROAD_EXCEPTS)
    assert len(BROAD_EXCEPTS) <= 4


def imported(source: str) -> set[str]:
    """The dotted names that a module imports, and those that it imports something from."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_every_room_of_the_server_is_mirrored_by_tests() -> None:
    by_tests = set().union(*(imported(file.read_text(encoding="utf-8")) for file in TESTS))
    modules = set()
    for room in MIRRORED:
        assert (ROOT / "tests" / "mes_server" / room).is_dir(), f"no tests for {room}"
        modules |= {
            f"mes_server.{room}.{module.stem}"
            for module in (ROOT / "mes_server" / room).glob("[a-z]*.py")
        }
    assert modules - by_tests == set(NOT_IMPORTED)
    for reason in NOT_IMPORTED.values():
        assert (ROOT / "tests" / "mes_server" / reason.split(": ")[1].split(" ")[0]).exists()


def test_a_mention_is_no_import() -> None:
    source = '"""Through mes_server.web.api."""\nimport a.b\nfrom c import d as e\n'
    assert imported(source) == {"a.b", "c", "c.d"}


def test_every_device_room_is_tested_on_both_interpreters() -> None:
    for room in ("schemas", "edge_agent"):
        for module in (ROOT / room).glob("[a-z]*.py"):
            test = ROOT / "tests" / room / f"test_{module.stem}.py"
            covered = test.exists() or module.stem in ("samples", "journal_metrics")
            assert covered, f"{name_of(module)} has no {name_of(test)}"


def test_only_the_clock_of_the_agent_asks_for_the_time() -> None:
    for file in (ROOT / "edge_agent").glob("*.py"):
        if file.name != "clock.py":
            source = file.read_text(encoding="utf-8")
            assert not re.search(r"\btime\.(time|time_ns|localtime|gmtime)\(", source), name_of(
                file
            )


def test_no_test_sleeps_or_asserts_nothing() -> None:
    for file in TESTS:
        source = file.read_text(encoding="utf-8")
        assert not re.search(r"\btime\.sleep\(", source) or "# waits: " in source, name_of(file)
        assert "assert True" not in source.replace('"assert True"', ""), name_of(file)


def test_no_file_names_a_machine_or_a_registry() -> None:
    home = str(Path.home())
    above = f"/{ROOT.parts[1]}/" if ROOT.parts[1] not in ("home", "tmp") else str(ROOT)
    for file in tracked():
        if file.suffix in (".png", ".bin", ".db") or not file.is_file():
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        assert home + "/" not in text, f"{name_of(file)} names {home}"
        assert above not in text, f"{name_of(file)} names {above}"
        if "lock" in file.name or file.parent.name == "requirements":
            found = re.search(r'"resolved"|index-url|https?://\S+\.(whl|tar\.gz|tgz)', text)
            assert not found, f"{name_of(file)} holds a download address"


def test_locked_dependencies_are_pinned_by_hash() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text(encoding="utf-8")
        pins = re.findall(r"^[a-zA-Z0-9_.-]+(?:\[.*\])?==", text, re.MULTILINE)
        assert pins
        assert all(part.count("--hash=sha256:") for part in re.split(r"\n(?=[a-z])", text)[1:])


def test_the_paper_is_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for word in ("make run", "make test", "Apache-2.0"):
        assert word in readme
    decisions = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    assert len(decisions) >= 5
    for decision in decisions:
        text = decision.read_text(encoding="utf-8")
        for heading in ("## Objective", "## Decision", "## Is / is not", "## Consequences"):
            assert heading in text, f"{name_of(decision)} has no {heading}"


def test_links_between_the_documents_lead_somewhere() -> None:
    for file in tracked("*.md"):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", file.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (file.parent / target).exists(), f"{name_of(file)} points to {target}"
