"""What a confined program finds: mounts, environment and identity as pure data, and the words that bubblewrap takes.

An allow list. The root is an empty file system of its own; what is not named here does not exist inside.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple, assert_never

HOME = "/tmp/home"
OBJECTS = "/run/fairlead/objects"  # where the contents that git needs are found, numbered
USER = 1000  # the same for everybody: who the person is, is nobody's affair in there
TEMPORARY_BYTES_MAX = 512_000_000  # of /tmp, which is memory; HOME lies in it
SHARED_MEMORY_BYTES_MAX = 64_000_000  # of /dev/shm

# Files of /etc that programs cannot do without and that hold nothing of the person; mounted when they are there.
ETC = (
    "alternatives",
    "debian_version",
    "fonts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "magic",
    "mime.types",
    "os-release",
    "pki/ca-trust/extracted",
    "pki/tls/certs",
    "protocols",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "timezone",
)
# Files of /etc that are written for the sandbox.
WRITTEN: Mapping[str, str] = {
    "passwd": (
        "root:x:0:0:root:/root:/bin/sh\n"
        f"sandbox:x:{USER}:{USER}:sandbox:{HOME}:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/:/bin/false\n"
    ),
    "group": f"root:x:0:\nsandbox:x:{USER}:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\nservices: files\nprotocols: files\n",
    "resolv.conf": "",
    "machine-id": "",
}
# Of /proc: what tells of the machine's memory or keys, each hidden behind an empty file when it is there.
MASKED = ("kcore", "keys", "key-users", "kmsg", "kallsyms", "kpagecount", "kpageflags", "sched_debug", "timer_list")
READ_ONLY_PROC = ("sys", "fs", "sysrq-trigger")


class Mount(NamedTuple):
    """One thing at one place. `source` is a path outside; of a link what it points to, of a text the text."""

    kind: Literal["read", "write", "memory", "link", "text", "folder", "proc", "dev", "seal"]
    place: str
    source: str = ""
    size: int = 0  # bytes of "memory"


class Profile(NamedTuple):
    """All of it, in the order in which it is mounted: a later mount hides what an earlier one put in its place."""

    mounts: tuple[Mount, ...]
    environment: Mapping[str, str]
    cwd: str


def words(profile: Profile, text_descriptor: Callable[[str], int]) -> list[str]:
    """The words for bubblewrap before the program's own; *text_descriptor* gives a descriptor that holds a text."""
    given = [
        # Each namespace by name: `--unshare-all` would go on without the one for users when it cannot be had.
        *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *("--disable-userns", "--uid", str(USER), "--gid", str(USER), "--hostname", "sandbox"),
        *("--cap-drop", "ALL", "--new-session", "--die-with-parent", "--clearenv"),
    ]
    for mount in profile.mounts:
        given += _mount_words(mount, text_descriptor)
    for name, value in profile.environment.items():
        given += ("--setenv", name, value)
    return [*given, "--chdir", profile.cwd]


def _mount_words(mount: Mount, text_descriptor: Callable[[str], int]) -> Iterable[str]:
    match mount.kind:
        case "read":
            return ("--ro-bind", mount.source, mount.place)
        case "write":
            return ("--bind", mount.source, mount.place)
        case "memory":
            return ("--perms", "1777", "--size", str(mount.size), "--tmpfs", mount.place)
        case "link":
            return ("--symlink", mount.source, mount.place)
        case "text":
            return ("--ro-bind-data", str(text_descriptor(mount.source)), mount.place)
        case "folder":
            return ("--dir", mount.place)
        case "proc" | "dev":
            return (f"--{mount.kind}", mount.place)
        case "seal":
            return ("--remount-ro", mount.place)
        case _:
            assert_never(mount.kind)
