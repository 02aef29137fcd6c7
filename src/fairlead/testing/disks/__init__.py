"""Disks for tests and proofs: one that keeps what a power cut may lose apart, and one that refuses at any call.

with WatchedDisk(root) as disk:
    journal = open_journal(root + "/state", clock=clock, disk=disk)
    ...
platter = Platter()
for call in disk.calls[:900]:
    platter.perform(call)
platter.cut(random.Random(7)).lay(other)  # what a power cut before call 900 may have left
"""

from fairlead.testing.disks.platter import Image as Image
from fairlead.testing.disks.platter import Platter as Platter
from fairlead.testing.disks.watched import Before as Before
from fairlead.testing.disks.watched import Call as Call
from fairlead.testing.disks.watched import Refusal as Refusal
from fairlead.testing.disks.watched import WatchedDisk as WatchedDisk
from fairlead.testing.disks.watched import refuse_at as refuse_at
