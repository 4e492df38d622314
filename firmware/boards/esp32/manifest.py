"""Freezes this board's image into MicroPython's ESP32_GENERIC: make FROZEN_MANIFEST=…/firmware/boards/esp32/manifest.py"""

include("$(PORT_DIR)/boards/manifest.py")
include("../manifest.py")
package("firmware/boards/esp32", base_path="../../..", files=("__init__.py", "board.py", "main.py"))
