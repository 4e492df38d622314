"""Freezes this board's image into MicroPython's W5500_EVB_PICO2: make FROZEN_MANIFEST=…/firmware/boards/rp2350/manifest.py"""

include("$(PORT_DIR)/boards/W5500_EVB_PICO2/manifest.py")
include("../manifest.py")
package(
    "firmware/boards/rp2350", base_path="../../..", files=("__init__.py", "board.py", "main.py")
)
