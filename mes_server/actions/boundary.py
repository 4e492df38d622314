"""Where a message that is wrong, or finds a fault of ours, is told from a database that fails.

The one broad except of ingest: nothing a stranger sends may stop it.
"""

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from mes_server.domain.messages import PAYLOAD
from mes_server.domain.nodes import UnreadableError
from mes_server.store.faults import StoreFault, fault_of
from schemas.sparkplug import PayloadError

P = ParamSpec("P")
T = TypeVar("T")
BUG = "bug"
_SAID_MAX = 200
_log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another process stores and acknowledges now; nothing of this transaction was kept."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something could not be taken: a word, and a sentence for the person who looks."""

    reason: str
    detail: str


_said: set[str] = set()


def _say_once(error: Exception) -> None:
    """Log a fault of ours with its traceback, each place in the program once."""
    where = "".join(str(frame) for frame in traceback.extract_tb(error.__traceback__))
    if where not in _said and len(_said) < _SAID_MAX:
        _said.add(where)
        _log.error("a message found a fault in this program", exc_info=error)


def attempt(step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Trouble:
    """What the step returns, or the Trouble a message made. A StoreFault or LeaseLost passes through."""
    try:
        return step(*args, **kwargs)
    except (StoreFault, LeaseLost):
        raise
    except UnreadableError as error:
        return Trouble(error.reason, error.detail)
    except PayloadError as error:
        return Trouble(PAYLOAD, str(error))
    # The ingest message boundary: a bug becomes quarantine and a log line, never a stopped ingest.
    except Exception as error:
        fault = fault_of(error)
        if fault is not None:  # a disk that fails under a message is no fault of the message
            raise fault from error
        _say_once(error)
        return Trouble(BUG, f"{type(error).__name__}: {error}")
