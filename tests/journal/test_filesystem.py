"""Network file systems are told from local ones by the kernel's own list of mounts."""

from pathlib import Path

import pytest

from fairlead.core.errors import FairleadError
from fairlead.journal import filesystem, network_filesystem, open_journal, open_reader
from tests.journal.parts import FakeClock

MOUNTINFO = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /home rw,relatime shared:2 - nfs4 server:/home rw,vers=4.2
31 30 254:1 / /home/ada/local rw,relatime shared:3 master:4 - xfs /dev/vdb rw
32 22 0:30 / /mnt/with\040space rw,relatime - cifs //server/share rw
33 22 0:31 / /mnt/ssh rw,relatime - fuse.sshfs ada@server: rw
34 22 0:32 / /mnt/c rw,relatime - 9p C:\134 rw
35 22 0:33 / /mnt/fuse rw,relatime - fuse.ntfs /dev/vdc rw
36 22 0:34 / /mnt/twice rw,relatime - nfs server:/a rw
37 22 0:35 / /mnt/twice rw,relatime - tmpfs tmpfs rw
38 22 0:36 / /mnt/hidden rw,relatime - tmpfs tmpfs rw
39 22 0:37 / /mnt/hidden rw,relatime - nfs server:/b rw
40 22 0:38 / /tmp rw,relatime - tmpfs tmpfs rw
41 22 0:39 / /mnt/smb rw - smb3 //server/x rw
"""


@pytest.mark.parametrize(
    ("directory", "kind"),
    [
        ("/src/shop/.git/fairlead", ""),
        ("/", ""),
        ("/home", "nfs4"),
        ("/home/ben/shop", "nfs4"),
        ("/homes/ben", ""),
        ("/home/ada/local/shop", ""),
        ("/home/ada/localhost", "nfs4"),
        ("/mnt/with space/x", "cifs"),
        ("/mnt/ssh/x", "fuse.sshfs"),
        ("/mnt/c/Users", "9p"),
        ("/mnt/smb", "smb3"),
        ("/mnt/fuse/x", ""),
        ("/mnt/twice/x", ""),
        ("/mnt/hidden/x", "nfs"),
        ("/tmp/not/there/yet", ""),
    ],
)
def test_the_innermost_and_latest_mount_decides(directory: str, kind: str) -> None:
    assert network_filesystem(directory, MOUNTINFO) == kind


@pytest.mark.parametrize("text", ["", "garbage\n", "1 2 3 - nfs\n", "22 1 254:0 / / rw\n"])
def test_a_list_that_cannot_be_read_means_a_local_file_system(text: str) -> None:
    assert network_filesystem("/src", text) == ""


def test_links_are_followed_before_the_mount_is_looked_up(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/mnt/ssh")
    assert network_filesystem(str(tmp_path / "link" / "shop"), MOUNTINFO) == "fuse.sshfs"


def test_a_journal_on_a_network_file_system_is_refused_and_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / {tmp_path} rw - nfs4 server:/x rw\n")
    monkeypatch.setattr(filesystem, "_MOUNTS", str(mounts))
    for opened in (open_journal, open_reader):
        with pytest.raises(FairleadError, match=r"FL-N011.*nfs4") as caught:
            opened(str(tmp_path / "state"), clock=FakeClock())
        assert caught.value.exit_code == 8
    assert not (tmp_path / "state").exists()


def test_a_system_without_a_list_of_mounts_counts_as_local(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(filesystem, "_MOUNTS", str(tmp_path / "none"))
    assert network_filesystem("/mnt/ssh") == ""
