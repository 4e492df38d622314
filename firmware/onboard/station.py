"""Reads a board's station.json, and files named in it. What checks it is forgotten afterwards: memory."""

import sys

from firmware.onboard.durable import folder_of, is_there, read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from schemas.board_config import Board
    from schemas.station_types import StationType

_ONLY_FOR_READING = (
    "schemas.board_config",
    "schemas.station_types",
    "schemas.station_check",
    "schemas.contract_check",
    "firmware.onboard.contracts",
)


def beside(path: str, name: str) -> str:
    """The path of a file that is named in the file `path`."""
    return name if name.startswith("/") else f"{folder_of(path)}/{name}"


def load_board(path: str) -> "Board":
    """The board in a station.json. Raises ContractError with every fault, OSError."""
    from schemas.board_config import read_board, types_named
    from schemas.contract_check import ContractError
    from schemas.station_types import FOLDER, read_station_type

    try:
        text = read_bytes(path).decode()
    except ValueError:
        raise ContractError([f"{path}: is not UTF-8; save it as such"]) from None
    types: dict[str, StationType] = {}
    faults: list[str] = []
    for name in types_named(text):
        file = f"{name}.json"
        try:
            types[name] = read_station_type(read_bytes(f"{FOLDER}/{file}").decode(), file)
        except OSError:
            continue  # read_board says that there is no such type
        except ContractError as error:
            faults += error.faults
    try:
        board = read_board(text, path, types)
    except ContractError as error:
        faults += error.faults
    if faults:
        raise ContractError(faults)
    return board


def load_lean(path: str) -> "Board":
    """As load_board, of contracts that somebody else checked."""
    import schemas
    from firmware.onboard.contracts import read_kind
    from schemas.board_config import read_board, types_named

    text = read_bytes(path).decode()
    contracts = schemas.__file__.rsplit("/", 1)[0] + "/stations"
    types = {}
    for name in types_named(text):
        file = f"{contracts}/{name}.json"
        if is_there(file):
            types[name] = read_kind(file)
    return read_board(text, path, types)


def loaded(path: str, lean: bool = False) -> "tuple[Board | None, list[str]]":
    """The board and no fault, or every fault; on a board the checkers leave memory."""
    from schemas.contract_check import ContractError

    try:
        return (load_lean if lean else load_board)(path), []
    except ContractError as error:
        return None, error.faults
    except ValueError:
        return None, [f"{path}: is not UTF-8; save it as such"]
    except OSError as fault:
        return None, [f"{path}: cannot be read ({fault})"]
    finally:
        if sys.implementation.name == "micropython":
            for name in _ONLY_FOR_READING:
                room, _, module = name.rpartition(".")
                if sys.modules.pop(name, None) is not None:
                    delattr(sys.modules[room], module)
