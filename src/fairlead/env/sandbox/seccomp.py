"""The filter of system calls, put together as the kernel's own instructions from a table.

It is the second wall: what the namespaces leave reachable of the kernel and no build, test or scanner needs. Calls are
denied with an errno, so that a program can take another way; one made in the wrong architecture's numbering ends the
program, for nothing honest does that. Numbers: the kernel's `unistd.h` of each architecture, which never change.
"""

import errno
import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

# Offsets in `struct seccomp_data`; the low half of an argument lies first on both architectures.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _DENY, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_X32 = 0x40000000  # the bit that marks a call of the x32 numbering

# clone and unshare may make no namespace: mount, cgroup, uts, ipc, user, pid, net.
_NEW_NAMESPACES = 0x7E020000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C  # both type into a terminal
_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_PERSONALITIES = (0x0, 0x8, 0xFFFFFFFF)  # Linux, its 32-bit twin, and the question which one it is


class _Numbers(NamedTuple):
    """One system call; None where the architecture has none of this name."""

    x86_64: int | None
    aarch64: int | None


# Everybody may read why: mounts and roots; other processes; the kernel's own memory, keys, programs and rings; clocks
# and names of the machine; its modules and its end; files by number instead of by path; memory that no limit counts.
_FORBIDDEN: Mapping[str, _Numbers] = {
    "mount": _Numbers(165, 40),
    "umount2": _Numbers(166, 39),
    "pivot_root": _Numbers(155, 41),
    "chroot": _Numbers(161, 51),
    "fsopen": _Numbers(430, 430),
    "fsconfig": _Numbers(431, 431),
    "fsmount": _Numbers(432, 432),
    "fspick": _Numbers(433, 433),
    "open_tree": _Numbers(428, 428),
    "move_mount": _Numbers(429, 429),
    "mount_setattr": _Numbers(442, 442),
    "open_tree_attr": _Numbers(467, 467),
    "unshare": _Numbers(272, 97),
    "setns": _Numbers(308, 268),
    "ptrace": _Numbers(101, 117),
    "process_vm_readv": _Numbers(310, 270),
    "process_vm_writev": _Numbers(311, 271),
    "process_madvise": _Numbers(440, 440),
    "pidfd_getfd": _Numbers(438, 438),
    "kcmp": _Numbers(312, 272),
    "bpf": _Numbers(321, 280),
    "perf_event_open": _Numbers(298, 241),
    "userfaultfd": _Numbers(323, 282),
    "io_uring_setup": _Numbers(425, 425),
    "io_uring_enter": _Numbers(426, 426),
    "io_uring_register": _Numbers(427, 427),
    "add_key": _Numbers(248, 217),
    "request_key": _Numbers(249, 218),
    "keyctl": _Numbers(250, 219),
    "open_by_handle_at": _Numbers(304, 265),
    "name_to_handle_at": _Numbers(303, 264),
    "fanotify_init": _Numbers(300, 262),
    "settimeofday": _Numbers(164, 170),
    "clock_settime": _Numbers(227, 112),
    "clock_adjtime": _Numbers(305, 266),
    "adjtimex": _Numbers(159, 171),
    "sethostname": _Numbers(170, 161),
    "setdomainname": _Numbers(171, 162),
    "acct": _Numbers(163, 89),
    "quotactl": _Numbers(179, 60),
    "quotactl_fd": _Numbers(443, 443),
    "swapon": _Numbers(167, 224),
    "swapoff": _Numbers(168, 225),
    "syslog": _Numbers(103, 116),
    "lookup_dcookie": _Numbers(212, 18),
    "nfsservctl": _Numbers(180, 42),
    "vhangup": _Numbers(153, 58),
    "reboot": _Numbers(169, 142),
    "kexec_load": _Numbers(246, 104),
    "kexec_file_load": _Numbers(320, 294),
    "init_module": _Numbers(175, 105),
    "finit_module": _Numbers(313, 273),
    "delete_module": _Numbers(176, 106),
    "move_pages": _Numbers(279, 239),
    "migrate_pages": _Numbers(256, 238),
    "memfd_create": _Numbers(319, 279),
    "memfd_secret": _Numbers(447, 447),
    "iopl": _Numbers(172, None),
    "ioperm": _Numbers(173, None),
    "modify_ldt": _Numbers(154, None),
    "uselib": _Numbers(134, None),
    "_sysctl": _Numbers(156, None),
    "create_module": _Numbers(174, None),
    "get_kernel_syms": _Numbers(177, None),
    "query_module": _Numbers(178, None),
}
# These say "there is no such call", so that the C library takes the older way, whose flags can be looked at.
_UNKNOWN: Mapping[str, _Numbers] = {"clone3": _Numbers(435, 435)}
_CLONE, _IOCTL = _Numbers(56, 220), _Numbers(16, 29)
_SOCKET, _PERSONALITY = _Numbers(41, 198), _Numbers(135, 92)

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_…


def seccomp_program(machine: str) -> bytes:
    """The filter for *machine*, as `uname` names it; nothing for one that no table stands here for."""
    if machine not in _ARCHITECTURES:
        return b""
    steps = [
        *_unless_equal_kill(_ARCHITECTURE, _ARCHITECTURES[machine]),
        _step(_LOAD, _NUMBER),
    ]
    if machine == "x86_64":
        steps += [_step(_JUMP_AT_LEAST, _X32, 0, 1), _step(_RETURN, _KILL)]
    for table, reason in ((_FORBIDDEN, errno.EPERM), (_UNKNOWN, errno.ENOSYS)):
        for numbers in table.values():
            number = getattr(numbers, machine)
            if number is not None:
                steps += [_step(_JUMP_EQUAL, number, 0, 1), _step(_RETURN, _DENY | reason)]
    for numbers, rest in _looked_into():
        # The accumulator holds an argument afterwards, so a call that came in here leaves in here too.
        steps += [_step(_JUMP_EQUAL, getattr(numbers, machine), 0, len(rest)), *rest]
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


def _looked_into() -> Iterator[tuple[_Numbers, list[bytes]]]:
    """Calls whose arguments decide. Only the low half is compared: the kernel, too, drops the rest of these."""
    denied, allowed = _step(_RETURN, _DENY | errno.EPERM), _step(_RETURN, _ALLOW)
    yield _CLONE, [_argument(0), _step(_JUMP_BITS, _NEW_NAMESPACES, 0, 1), denied, allowed]
    typing = [part for request in (_TIOCSTI, _TIOCLINUX) for part in (_step(_JUMP_EQUAL, request, 0, 1), denied)]
    yield _IOCTL, [_argument(1), *typing, allowed]
    families = [part for family in (_AF_UNIX, _AF_INET, _AF_INET6) for part in (_equal(family), allowed)]
    yield _SOCKET, [_argument(0), *families, _step(_RETURN, _DENY | errno.EAFNOSUPPORT)]
    personalities = [part for persona in _PERSONALITIES for part in (_equal(persona), allowed)]
    yield _PERSONALITY, [_argument(0), *personalities, denied]


def _equal(value: int) -> bytes:
    return _step(_JUMP_EQUAL, value, 0, 1)


def _unless_equal_kill(offset: int, value: int) -> list[bytes]:
    return [_step(_LOAD, offset), _step(_JUMP_EQUAL, value, 1, 0), _step(_RETURN, _KILL)]


def _argument(nth: int) -> bytes:
    return _step(_LOAD, _ARGUMENTS + 8 * nth)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One `struct sock_filter`: the jumps are how many instructions are passed over."""
    return struct.pack("=HBBI", code, if_true, if_false, value)
