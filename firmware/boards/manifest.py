"""What the image of every board holds, for those who freeze it into MicroPython (docs/boards.md).

Frozen code runs from flash and takes no heap. Included by each board's own manifest.py; the syntax is
MicroPython's. The plant in a box, its driver, and the workshop stay out.
"""

import os

_COMPUTERS = ("simulated.py", "port_pyserial.py", "port_terminal.py")

package("schemas", base_path="../..")
package("edge_agent", base_path="../..")
module("firmware/__init__.py", base_path="../..")
module("firmware/boards/__init__.py", base_path="../..")
package("firmware/onboard", base_path="../..")
package(
    "firmware/drivers",
    base_path="../..",
    files=[
        name
        for name in sorted(os.listdir("../drivers"))
        if name.endswith(".py") and name not in _COMPUTERS
    ],
)
