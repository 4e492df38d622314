"""Runs test modules without pytest: micropython -m tests.device_runner tests.schemas.test_topics …"""

import gc
import sys


def run(names: "list[str]") -> int:
    """Run every test_* function of the modules; how many failed."""
    failed = passed = 0
    for name in names:
        module = __import__(name, None, None, ("*",))
        for test in sorted(n for n in dir(module) if n.startswith("test_")):
            gc.collect()
            try:
                getattr(module, test)()
                passed += 1
            except Exception as fault:  # noqa: BLE001  the next test still runs
                failed += 1
                print(f"FAILED {name}.{test}")
                show = getattr(sys, "print_exception", None)
                if show is not None:
                    show(fault)
                else:
                    print(f"  {type(fault).__name__}: {fault}")
    print(f"{passed} passed, {failed} failed on {sys.implementation.name}")
    return failed


if __name__ == "__main__":
    sys.exit(1 if run(sys.argv[1:]) else 0)
