"""Starts the agent on this board; the launcher calls it with the path of station.json."""

from firmware.boards.rp2_w5500 import board
from firmware.onboard.board_chip import start


def main(arguments: "list[str]") -> int:
    """The exit code: 0 when it is to be started anew."""
    return start(board.partition, board.connect, arguments)


if __name__ == "__main__":
    main([])
