"""What goes wrong in the workshop, in words: what happened, and what to do next."""

import errno

DONE, FAILED, WRONG_INPUT, NOT_OURS, DIFFERS = 0, 1, 2, 3, 4  # exit codes


class Fault(Exception):
    """`code` is the exit code of the tool."""

    def __init__(self, what: str, todo: str, code: int = FAILED) -> None:
        super().__init__(f"{what}\n  What to do: {todo}")
        self.what, self.todo, self.code = what, todo, code


def cannot_open(port: str, fault: OSError) -> Fault:
    """Why a serial port does not open; pyserial keeps the errno, or only tells it in its text."""
    text = str(fault)
    number = fault.errno or 0
    if number == errno.EACCES or "Permission denied" in text:
        return Fault(
            f"{port} may not be opened by you.",
            "sudo usermod -aG dialout $USER, then sign out and in again.",
        )
    if number in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in text:
        return Fault(
            f"{port} is in use by another program.",
            "close the serial monitor, IDE or other terminal that has it open, and try again.",
        )
    if number == errno.ENOENT or "No such file" in text:
        return Fault(
            f"{port} is not there.",
            "plug the board in, by a cable that carries data, and run: python -m firmware.flash find",
        )
    if number == errno.ENOTTY or "Inappropriate ioctl" in text:
        return Fault(
            f"{port} is no serial port.",
            "look which one the board has: python -m firmware.flash find",
            WRONG_INPUT,
        )
    return Fault(f"{port} does not open: {text}", "plug the cable out and in again, and try again.")


def cable_gone(port: str) -> Fault:
    return Fault(
        f"{port} went away in the middle.",
        "look at the cable and the power of the board, then run the same command again: "
        "it goes on where it stopped, and the board still starts what it started before.",
    )


def fell_silent(port: str) -> Fault:
    return Fault(
        f"The board at {port} stopped answering in the middle: a reset, or too little power.",
        "plug it in by itself, not by a hub, and run the same command again: "
        "it goes on where it stopped, and the board still starts what it started before.",
    )


def silent(port: str) -> Fault:
    return Fault(
        f"Whatever is at {port} does not answer as MicroPython does.",
        "is it the right port (python -m firmware.flash find)? A board that starts over and over is "
        "silent, too: hold BOOT, press RESET, let go, and put MicroPython on it again "
        "(python -m firmware.flash firmware --help). A bare board needs that as well.",
    )
