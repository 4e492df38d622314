"""What MicroPython tells of the chip under a board: its identity, why it started, its watchdog and clock."""

import sys
import time

import machine

# A name that nobody resolves holds everything up for some seconds. RP2040 can count no further than 8388.
DOG_MS = 60_000 if sys.platform == "esp32" else 8000
_REASONS = (
    ("PWRON_RESET", "power_on"),  # and, on ESP32, a brown-out: MicroPython does not tell them apart
    ("WDT_RESET", "watchdog"),  # and, on RP2, machine.reset(), which works by its watchdog
    ("HARD_RESET", "reset"),
    ("SOFT_RESET", "soft"),
    ("DEEPSLEEP_RESET", "reset"),
)
_DAYS_1970_TO_2000_S = 946_684_800


def reason() -> str:
    """One of schemas.journal_metrics.BOOT_REASONS."""
    cause = machine.reset_cause()
    for name, word in _REASONS:
        if getattr(machine, name, None) == cause:
            return word
    return "unknown"


def dog() -> machine.WDT:
    """It cannot be stopped any more."""
    return machine.WDT(timeout=DOG_MS)


def set_clock(unix_s: int) -> None:
    """Set the real-time clock, in UTC."""
    epoch = 0 if time.gmtime(0)[0] == 1970 else _DAYS_1970_TO_2000_S
    year, month, day, hour, minute, second, weekday = time.gmtime(unix_s - epoch)[:7]
    machine.RTC().datetime((year, month, day, weekday, hour, minute, second, 0))
