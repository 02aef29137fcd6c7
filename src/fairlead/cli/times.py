"""Times and durations as people read them. Display only: order comes from the journal."""

from datetime import UTC, datetime

_MICROS = 1_000_000


def clock_text(at: int) -> str:
    """`14:02:11`, local time."""
    return datetime.fromtimestamp(at / _MICROS, UTC).astimezone().strftime("%H:%M:%S")


def minute_text(at: int) -> str:
    """`14:02`, local time."""
    return datetime.fromtimestamp(at / _MICROS, UTC).astimezone().strftime("%H:%M")


def day_text(at: int) -> str:
    """`2026-11-21 14:02`, local time."""
    return datetime.fromtimestamp(at / _MICROS, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def seconds_text(seconds: float) -> str:
    """`0.3 s`, `74 s`, `2 m 08 s`, `1 h 04 m`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} m"


def ago_text(at: int, now: int) -> str:
    """`12 min ago`; a time ahead of *now* is `just now`, for clocks may be set back."""
    seconds = (now - at) / _MICROS
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min ago"
    if seconds < 86_400:
        return f"{seconds // 3600:.0f} h ago"
    days = int(seconds // 86_400)
    return f"{days} day{'' if days == 1 else 's'} ago"
