"""Attempts to get out, performed inside in one process each: `ATTEMPTS[name]()` returns when it got through.

The program writes `{name: what happened}`. Everything here is harmless where it succeeds, for the same program also
runs unconfined, to show which attempts would succeed without a sandbox.
"""

import ctypes
import errno
import json
import os
import socket
import struct
import sys
from collections.abc import Callable

GIVEN = json.loads(sys.stdin.read())  # paths, ports and process ids of the machine outside
LIBC = ctypes.CDLL(None, use_errno=True)
# Numbers of system calls: x86_64, aarch64.
CALLS = {
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "unshare": (272, 97),
    "setns": (308, 268),
    "clone": (56, 220),
    "clone3": (435, 435),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "pidfd_getfd": (438, 438),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "clock_settime": (227, 112),
    "settimeofday": (164, 170),
    "personality": (135, 92),
    "memfd_create": (319, 279),
    "syslog": (103, 116),
    "swapoff": (168, 225),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "fsopen": (430, 430),
    "open_tree": (428, 428),
    "sethostname": (170, 161),
}
NEW_USER, NEW_NET = 0x10000000, 0x40000000


class Denied(Exception):
    """The attempt did not get through; the text says how."""


def call(name: str, *args: object) -> int:
    number = CALLS[name][0 if os.uname().machine == "x86_64" else 1]
    answer = int(LIBC.syscall(number, *args))
    if answer < 0:
        raise Denied(errno.errorcode[ctypes.get_errno()])
    return answer


def refused(name: str, *args: object) -> None:
    """The filter's own answer: a call that the kernel itself refuses shows nothing of the filter."""
    try:
        call(name, *args)
    except Denied as denial:
        if str(denial) in ("EPERM", "ENOSYS"):
            raise
    # Any other error comes from behind the filter: the call was reachable.


def reads(path: str) -> None:
    with open(path, "rb") as file:
        file.read(1)


def changes(path: str) -> None:
    """Write to what is there; what lies under the same name in memory of the sandbox's own does not count."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(descriptor, b"x")
    os.close(descriptor)


def writes(path: str) -> None:
    with open(path, "ab") as file:
        file.write(b"x")


def makes_nameless(folder: str) -> None:
    os.close(os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600))


def through_a_link() -> None:
    if not os.path.lexists("way-out"):
        os.symlink(os.path.dirname(GIVEN["outside"]), "way-out")
    changes("way-out/" + os.path.basename(GIVEN["outside"]))


def hard_link() -> None:
    os.link(GIVEN["secret"], "linked")


def connects(family: int, address: "str | tuple[str, int]") -> None:
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.settimeout(3)
        one.connect(address)


def opens_socket(family: int, kind: int, protocol: int = 0) -> None:
    socket.socket(family, kind, protocol).close()


def datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect(("192.0.2.1", 53))  # no packet is sent: there is a route, or there is none


def interfaces() -> None:
    if [name for _, name in socket.if_nameindex()] == ["lo"]:
        raise Denied("nothing but a loopback of its own")


def signals() -> None:
    os.kill(GIVEN["pid"], 0)


def sees_process() -> None:
    for name in os.listdir("/proc"):
        if name.isdigit():
            with open(f"/proc/{name}/cmdline", "rb") as file:
                if GIVEN["mark"].encode() in file.read():
                    return
    raise Denied("no process of the machine is to be seen")


def finds_in_processes(text: str) -> None:
    for name in os.listdir("/proc"):
        for part in ("environ", "cmdline"):
            try:
                with open(f"/proc/{name}/{part}", "rb") as file:
                    if text.encode() in file.read():
                        return
            except OSError:
                pass
    raise Denied("it stands nowhere")


def own_environment() -> None:
    if not any(GIVEN["variable"] in text for text in os.environ.values()):
        raise Denied("it is not there")


def inherited() -> None:
    if {int(name) for name in os.listdir("/proc/self/fd")} <= {0, 1, 2, 3}:  # 3 is the listing itself
        raise Denied("nothing but the standard streams")


def capabilities() -> None:
    with open("/proc/self/status") as file:
        held = {line.split(":")[0]: line.split()[1] for line in file if line.startswith("Cap")}
    if set(held.values()) == {"0" * 16}:
        raise Denied("none")


def new_privileges() -> None:
    with open("/proc/self/status") as file:
        if "NoNewPrivs:\t1" in file.read():
            raise Denied("no_new_privs")


def types_into_terminal() -> None:
    import fcntl
    import pty

    _, terminal = pty.openpty()
    try:
        fcntl.ioctl(terminal, 0x5412, b"x")
    except OSError as error:
        if error.errno == errno.EPERM:
            raise Denied("EPERM") from None


def ioctl_in_disguise() -> None:
    """The kernel drops the high half of the request; a filter that compares all of it is passed by."""
    import pty

    _, terminal = pty.openpty()
    number = 16 if os.uname().machine == "x86_64" else 29
    answer = LIBC.syscall(number, terminal, ctypes.c_ulong(0x5412 | 1 << 32), ctypes.c_char_p(b"x"))
    if answer < 0 and ctypes.get_errno() == errno.EPERM:
        raise Denied("EPERM")


def shared_memory() -> None:
    number = 29 if os.uname().machine == "x86_64" else 194
    if LIBC.syscall(number, GIVEN["shm"], 0, 0) < 0:
        raise Denied(errno.errorcode[ctypes.get_errno()])


def device() -> None:
    os.mknod("disk", 0o60600, os.makedev(7, 0))


def core_files() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))


def raises_limit() -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    if hard != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard + 1))


def setuid_root() -> None:
    os.setuid(0)


def becomes_root_by_program() -> None:
    import subprocess

    said = subprocess.run(["su", "-c", "id -u"], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if said.stdout.strip() != b"0":
        raise Denied("su says no")


def first_process() -> None:
    """Its memory is as open as that of any process of the same user: it must hold nothing that we do not have."""
    with open("/proc/1/status") as file:
        held = dict(line.split(":\t", 1) for line in file)
    rights = {name: held[name].strip().lstrip("0") for name in ("CapPrm", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp")}
    if rights == {"CapPrm": "", "CapEff": "", "CapBnd": "", "NoNewPrivs": "1", "Seccomp": "2"}:
        raise Denied("it has none")


def kernel_setting() -> None:
    with open("/proc/sys/kernel/core_pattern", "r+b"):  # opened, not written
        pass


ATTEMPTS: "dict[str, Callable[[], object]]" = {
    "read the home": lambda: reads(GIVEN["secret"]),
    "read another project": lambda: os.listdir(os.path.dirname(GIVEN["outside"])),
    "read the machine's users": lambda: reads("/etc/shadow"),
    "read the record of runs": lambda: os.listdir(GIVEN["state"]),
    "secret in the own environment": own_environment,
    "secret in another's environment": lambda: finds_in_processes(GIVEN["variable"]),
    "path of the copy on a command line": lambda: finds_in_processes(GIVEN["copy"]),
    "processes of the machine": sees_process,
    "root of the first process": lambda: os.listdir("/proc/1/root" + os.path.dirname(GIVEN["outside"])),
    "inherited descriptor": inherited,
    "write beside by ..": lambda: changes("../" + os.path.basename(GIVEN["outside"])),
    "write to /": lambda: makes_nameless("/"),
    "write to /usr": lambda: makes_nameless("/usr"),
    "write to /etc": lambda: makes_nameless("/etc"),
    "write to /dev": lambda: makes_nameless("/dev"),
    "change the users": lambda: os.close(os.open("/etc/passwd", os.O_WRONLY)),
    "write through a link": through_a_link,
    "hard link to a secret": hard_link,
    "write into what is installed": lambda: writes(".venv/planted"),
    "mount": lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "unmount": lambda: refused("umount2", b"/tmp", 2),
    "pivot": lambda: refused("pivot_root", b".", b"."),
    "fsopen": lambda: refused("fsopen", b"tmpfs", 0),
    "open_tree": lambda: refused("open_tree", -100, b"/", 0),
    "chroot": lambda: os.chroot("."),
    "device": device,
    "namespace by unshare": lambda: call("unshare", NEW_USER),
    "namespace by clone": lambda: refused("clone", NEW_NET | 17, 0, 0, 0, 0),
    "namespace by clone3": lambda: refused("clone3", ctypes.create_string_buffer(8), 8),
    "setns": lambda: refused("setns", -1, 0),
    "host loopback": lambda: connects(socket.AF_INET, ("127.0.0.1", GIVEN["port"])),
    "abstract socket": lambda: connects(socket.AF_UNIX, "\0" + GIVEN["abstract"]),
    "path socket": lambda: connects(socket.AF_UNIX, GIVEN["socket"]),
    "internet": datagram,
    "interfaces": interfaces,
    "netlink": lambda: opens_socket(16, socket.SOCK_RAW),
    "vsock": lambda: opens_socket(40, socket.SOCK_STREAM),
    "kernel crypto": lambda: opens_socket(38, socket.SOCK_SEQPACKET),
    "raw socket": lambda: opens_socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "packet socket": lambda: opens_socket(17, socket.SOCK_RAW, 0),
    "signal": signals,
    "ptrace": lambda: refused("ptrace", 0x7FFF, 1, 0, 0),
    "another's memory": lambda: refused("process_vm_readv", 1, None, 0, None, 0, 0),
    "another's descriptor": lambda: refused("pidfd_getfd", -1, 0, 0),
    "rights of the first process": first_process,
    "shared memory of the machine": shared_memory,
    "type into a terminal": types_into_terminal,
    "type in disguise": ioctl_in_disguise,
    "keyring": lambda: refused("keyctl", 0, -3, 0),
    "add a key": lambda: refused("add_key", b"user", b"planted", b"x", 1, -3),
    "io_uring": lambda: refused("io_uring_setup", 1, ctypes.create_string_buffer(120)),
    "bpf": lambda: refused("bpf", 0, None, 0),
    "perf": lambda: refused("perf_event_open", None, 0, -1, -1, 0),
    "userfaultfd": lambda: refused("userfaultfd", 0),
    "file by handle": lambda: refused("open_by_handle_at", -1, None, 0),
    "handle of a file": lambda: refused("name_to_handle_at", -100, b"/", None, None, 0),
    "kernel log": lambda: refused("syslog", 10, None, 0),
    "kernel setting": kernel_setting,
    "swap": lambda: refused("swapoff", b"/none"),
    "module": lambda: refused("finit_module", -1, b"", 0),
    "other kernel": lambda: refused("kexec_load", 0, 0, None, 1 << 20),
    "clock": lambda: refused("clock_settime", 99, None),
    "time of day": lambda: refused("settimeofday", struct.pack("qq", -1, -1), None),
    "name of the machine": lambda: refused("sethostname", b"x", 1),
    "addresses that do not change": lambda: refused("personality", 0x0040000),
    "file in memory": lambda: refused("memfd_create", b"x", 0),
    "core files": core_files,
    "limit raised": raises_limit,
    "user 0": setuid_root,
    "setuid program": becomes_root_by_program,
    "capabilities": capabilities,
    "new privileges": new_privileges,
    "control group": lambda: os.mkdir("/sys/fs/cgroup/escaped"),
}


def main() -> None:
    found = {}
    for name in GIVEN["attempts"] or ATTEMPTS:
        try:
            ATTEMPTS[name]()
            found[name] = "through"
        except Denied as denial:
            found[name] = f"denied: {denial}"
        except ValueError as error:  # how `setrlimit` says it
            found[name] = f"denied: {error}"
        except OSError as error:
            found[name] = f"denied: {errno.errorcode.get(error.errno or 0, str(error))}"
    sys.stdout.write(json.dumps(found))


main()
