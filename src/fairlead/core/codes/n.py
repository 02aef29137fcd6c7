"""Codes of family N; see `fairlead.core.codes`."""

from fairlead.core.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        "FL-N011",
        "The state directory is on a network file system",
        "The journal needs locks between processes, memory shared between them, and a disk that keeps what it says it"
        " has written. NFS, SMB, sshfs and the like promise too little of that.",
        "name a directory on a local disk with FAIRLEAD_STATE_DIR",
    ),
    Code(
        "FL-N012",
        "The disk is full",
        "A write to the state directory found no space, or a quota was reached. The commit under way was undone as a"
        " whole; everything that was acknowledged before is safe.",
        "free some space, then run `fairlead resume`",
    ),
    Code(
        "FL-N013",
        "The state directory cannot be used",
        "The directory, or a file of the journal in it, is read-only or belongs to somebody else, or a file stands in"
        " its way.",
        "make it readable and writable for you, or name another one with FAIRLEAD_STATE_DIR",
    ),
    Code(
        "FL-N020",
        "git is not installed",
        "The directory is a git repository, and what belongs to it, what is ignored and what has changed is known to"
        " git alone. Reading the files without it would review other files than you mean.",
        "Install git, for example with `apt install git`.",
    ),
    Code(
        "FL-N021",
        "git refuses a directory of another user",
        "A repository can name programs in its configuration, so git works only in directories that belong to you. This"
        " is usual in containers, where the checkout comes from outside.",
        "Trust it with `git config --global --add safe.directory PATH`.",
    ),
    Code(
        "FL-N022",
        "git cannot read the repository",
        "git ended with an error when it was asked what belongs to the tree. The message holds its last line.",
        "See what `git status` says in that directory; `git fsck` finds damage.",
    ),
    Code(
        "FL-N023",
        "A repository without files",
        "A bare repository has a history and no working tree, and a review reads files.",
        "Make a checkout with `git clone PATH` and review that.",
    ),
    Code(
        "FL-N024",
        "The directory cannot be read",
        "The tree that was to be reviewed may not be listed by you. Nothing in it was looked at.",
        "Ask its owner for the right to read it.",
    ),
    Code(
        "FL-N025",
        "A word that is no durability",
        "What is acknowledged survives a power cut (`full`, the default), or only the death of the process (`process`,"
        " which waits for no disk). Another word could mean either, so nothing is recorded.",
        "leave FAIRLEAD_DURABILITY and `--durability` out",
        bad="FAIRLEAD_DURABILITY=fast fairlead run tests",
        good="FAIRLEAD_DURABILITY=process fairlead run tests",
    ),
    Code(
        "FL-N031",
        "The spawner process has ended",
        "One small process starts all children of a worker and cleans up after them. It is gone, perhaps killed from"
        " outside or by the system for want of memory, so nothing more can be started.",
        "Start the command again; `fairlead resume` goes on where it stopped.",
    ),
    Code(
        "FL-N032",
        "Too many child processes at once",
        "A worker keeps at most 256 child processes at a time, so that a mistake in a workflow cannot fill the"
        " machine.",
        "Let fewer steps run side by side.",
    ),
    Code(
        "FL-N033",
        "Too many paths",
        "A review takes at most 1,000 paths; beyond that, naming folders says the same in fewer words.",
        "Name the folders that hold them.",
    ),
    Code(
        "FL-N034",
        "A working copy cannot be made",
        "The tree of a step could not be written, read or recorded in the private git directory of the run. The"
        " repository itself was not touched.",
        "The message says what git said; free some space, or see whether objects are missing with `git fsck`.",
    ),
    Code(
        "FL-N040",
        "A dump in a form that is not read",
        "Advisories are read from a directory, a .zip, a .json with one advisory or a list of them, and a .jsonl with"
        " one in each line. Other archives must be unpacked first.",
        "unpack it, and name the directory",
        bad="fairlead data import advisories.tar.gz",
        good="fairlead data import advisories/",
    ),
    Code(
        "FL-N041",
        "A dump without an advisory",
        "The directory or file holds no document in the OSV format. The data that were there stay as they are.",
        "name the directory or file that holds the advisories",
    ),
    Code(
        "FL-N042",
        "A dump that is cut off or damaged",
        "The file ends in the middle, or what is in it does not fit its checksums: a part would look like the whole,"
        " and what it lacks like something that is clean. The data that were there stay as they are.",
        "get the dump anew, and compare its size",
    ),
    Code(
        "FL-N043",
        "Too many broken entries in a dump",
        "More than a tenth of the entries is no advisory in the OSV format, so it is not what it should be. A few"
        " broken ones are counted and named instead. The data that were there stay as they are.",
        "get the dump anew; the message names the first broken entries",
    ),
    Code(
        "FL-N044",
        "A dump for other ecosystems",
        "No entry is about PyPI or npm alone, and these are the ecosystems that are read here. A dump of another one"
        " mentions them in a few entries; those must not take the place of their whole data.",
        "import the dump of PyPI or of npm",
    ),
    Code(
        "FL-N045",
        "A dump that is much smaller than the data that are there",
        "It holds less than half as many advisories for an ecosystem. A download that stopped looks like that, and"
        " what it lacks would look clean. The data that were there stay as they are.",
        "import the whole dump, or say --replace when the smaller one is meant",
        bad="fairlead data import one-advisory.json",
        good="fairlead data import one-advisory.json --replace",
    ),
    Code(
        "FL-N046",
        "The shared data cannot be written",
        "The directory for what all projects of a person share is read-only, full or cannot be made. The data that"
        " were there stay as they are.",
        "free some space, or name another directory with FAIRLEAD_DATA_DIR",
    ),
    Code(
        "FL-N110",
        "No sandbox on this system",
        "Level L2 is made of what Linux has on x86_64 and aarch64: namespaces, and a filter of system calls that is put"
        " together for these two. Elsewhere only L0 and L1 exist, and neither isolates anything.",
        "run it on Linux, or switch isolation off for a project that you trust: `fairlead sandbox off`",
    ),
    Code(
        "FL-N111",
        "bubblewrap is not installed",
        "Programs of a project are performed in a sandbox that bubblewrap builds. It is looked for where a system keeps"
        " its programs and never on PATH, which may lead into the project. Without it they are refused: a weaker level"
        " in its place would be a claim that does not hold.",
        "`apt install bubblewrap` or `dnf install bubblewrap`; `fairlead sandbox show` tries it",
    ),
    Code(
        "FL-N112",
        "bubblewrap cannot build a sandbox here",
        "It is there, and the system refuses it what it needs, mostly user namespaces: switched off, kept for root, or"
        " hidden by the container that this machine is. The message holds what it said.",
        "allow user namespaces: `sysctl -w kernel.unprivileged_userns_clone=1` (Debian),"
        " `kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu), `--security-opt seccomp=unconfined` (Docker)",
    ),
    Code(
        "FL-N113",
        "bubblewrap is too old",
        "Memory file systems of a limited size and the lock on further user namespaces came with version 0.8. Without"
        " them a program could fill the machine's memory with files.",
        "install bubblewrap 0.8 or newer",
    ),
    Code(
        "FL-N114",
        "A level of isolation that this build does not have",
        "A step or an agent asks for more isolation than there is for its kind here. A lower level in its place would"
        " be a claim that does not hold, so it is refused.",
        "take `sandbox` out of the step, or `level` out of the agent's file, when less is enough",
        bad="sandbox: L3",
        good="sandbox: L2",
    ),
    Code(
        "FL-N116",
        "The setting of isolation cannot be written",
        "It is kept in your own data directory, so that no file of a project can set it. That directory is read-only,"
        " full or cannot be made. What held before still holds.",
        "free some space, or name another directory with FAIRLEAD_DATA_DIR",
    ),
)
