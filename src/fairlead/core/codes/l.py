"""Codes of family L; see `fairlead.core.codes`."""

from fairlead.core.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        "FL-L001",
        "Not a journal of Fairlead",
        "The file `journal.db` in the state directory is no SQLite database, or one that another program made. It is"
        " left as it is.",
        "name another state directory with FAIRLEAD_STATE_DIR, or move that file away",
    ),
    Code(
        "FL-L002",
        "The journal is damaged",
        "An event that was acknowledged is missing or is not what was written: its digest, or the chain of digests over"
        " all events, does not fit. Fairlead stops rather than go on from something wrong; the message names the first"
        " bad event when it is known.",
        "run `fairlead journal verify` to see all of it, then `fairlead journal repair --from BACKUP`",
    ),
    Code(
        "FL-L003",
        "The journal is older than its anchor",
        "The file `anchor` remembers an event that the journal does not have: its end was lost, or an older copy was"
        " put in its place. Going on would give the same numbers to other events.",
        "put the newer journal.db (and journal.db-wal) back, or see what `fairlead journal repair --from BACKUP` does",
    ),
    Code(
        "FL-L004",
        "The journal was written by a newer Fairlead",
        "Its schema, or the kind of one of its events, has a higher number than this build knows. Nothing was skipped"
        " and nothing was touched: guessing could lose what the newer version added.",
        "use the newer Fairlead that wrote it, or name another state directory with FAIRLEAD_STATE_DIR",
    ),
    Code(
        "FL-L005",
        "The anchor cannot be used",
        "The file `anchor` beside the journal is missing or damaged in both of its slots. Without it nobody can tell"
        " whether the journal's last events are still there; a crash spoils at most one slot.",
        "put the `anchor` back that belongs to this journal.db; `fairlead journal repair --write` makes a new one",
    ),
    Code(
        "FL-L006",
        "Content is missing or altered",
        "An event names bytes in the content store that are not there, or whose digest is not their name any more.",
        "run `fairlead journal verify` to see what else is affected, then `fairlead journal repair --from BACKUP`",
    ),
    Code(
        "FL-L007",
        "An event is too large",
        "One event may have 16 MB. Large outputs travel as references into the content store, so this is a caller that"
        " put too much into one event.",
        "give large values as files: they travel as references into the content store",
    ),
    Code(
        "FL-L008",
        "Too much waits for the disk",
        "More was handed to the journal than the disk could write for a long time. The journal refuses more before the"
        " memory fills up; what it took is written.",
        "perform less at once (`limits.run.parallel`), or use a faster disk",
    ),
    Code(
        "FL-L009",
        "The table of runs does not fit the events",
        "The list of runs is an index over the events and is written in the same commit. Here it says something else:"
        " it was altered, or an event was.",
        "run `fairlead journal repair`, which makes the list anew from the events",
    ),
    Code(
        "FL-L010",
        "The disk failed",
        "The operating system refused to read or write a file of the journal. Nothing more is acknowledged after that;"
        " what was acknowledged before is on the disk, and the next start repairs what was left unfinished.",
        "look at the disk (`dmesg`), then run `fairlead journal verify`",
    ),
    Code(
        "FL-L030",
        "A backup overwrites nothing",
        "Something lies where the backup was to be made. A backup that is written over an older one leaves neither of"
        " them when it stops half way.",
        "name a directory that does not exist yet",
        bad="fairlead backup ~/backups/shop",
        good="fairlead backup ~/backups/shop-2026-11-21",
    ),
    Code(
        "FL-L031",
        "That is no backup",
        "The directory has no `backup.json`, which `fairlead backup` writes last. A directory that has none was copied"
        " by hand, or its backup never came to its end.",
        "name a directory that `fairlead backup` has made",
    ),
    Code(
        "FL-L032",
        "The backup is damaged",
        "A file of the backup is missing or is not what was written, or what it holds does not verify. Nothing is"
        " restored from it; each of its files is named by its digest in `backup.json`.",
        "take an older backup; `fairlead journal repair --from` takes what is still good in this one",
    ),
    Code(
        "FL-L033",
        "There is a record already",
        "A restore takes the place of a whole state directory, and here there is one.",
        "with `--force` it is kept under another name and the backup takes its place",
    ),
    Code(
        "FL-L034",
        "The record is in use",
        "A worker that lives performs a run of this record. To take the record away beneath it would lose what it says"
        " next.",
        "let its runs end, or stop it with `fairlead cancel RUN`, then type the same again",
    ),
    Code(
        "FL-L035",
        "The journal is older than a receipt",
        "A receipt says that an event was durable, and the journal ends before it. It was rolled back, perhaps together"
        " with its anchor: an older copy was put in its place.",
        "put the newer state directory back, or take a later backup",
    ),
    Code(
        "FL-L036",
        "The journal does not hold a receipt",
        "At the number of the receipt another event stands. This is the record of something else, or it was rolled back"
        " and then written on.",
        "name the state directory that the receipt is from with FAIRLEAD_STATE_DIR, or restore a backup of it",
    ),
    Code(
        "FL-L037",
        "That is no receipt",
        "A receipt is the number of an event, a colon, and the end of the chain there: 64 hexadecimal digits, of which"
        " the first 16 are enough.",
        "copy the field `receipt` of `fairlead runs show --json`",
        bad="fairlead journal verify --receipt 1204",
        good="fairlead journal verify --receipt 1204:e91c5d0a77b2f418",
    ),
    Code(
        "FL-L038",
        "The backup is of another record",
        "None of the events that can still be read in the damaged journal is the one that the backup has at its place;"
        " or nothing can be read, and the backup names another state directory. Nothing was changed.",
        "name a backup of this project; `fairlead restore FROM --force` takes any, and keeps what is there",
    ),
    Code(
        "FL-L039",
        "The backup or the restore cannot be written",
        "The disk refused a file of it. What was there before is untouched.",
        "free some space, or name a directory on another disk",
    ),
)
