"""The operational database's tables. Instants are whole microseconds."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)

tables = MetaData()

setting = Table(
    "setting", tables, Column("key", Text, primary_key=True), Column("value", Text, nullable=False)
)

counter = Table(
    "counter", tables, Column("name", Text, primary_key=True), Column("next", BigInteger, nullable=False)
)
"""The next free number of each kind; taking one holds the row, so numbers are committed in order."""

identity = Table(
    "identity",
    tables,
    Column("space", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("subject", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

inbox = Table(
    "inbox",
    tables,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Text, unique=True),
    Column("source", Text, nullable=False),
    Column("history", Boolean, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("crc", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("form", Text, nullable=False, server_default="parcel"),
    Column("job", Text),
)
"""`form` is `parcel` (compressed Arrow, with a key) or `calls` (events as the Segment protocol has them).

`job` is the mark of the import that it came with.
"""

inbox_size = func.length(inbox.c.body)
"""Bytes of a row's body, which is not read for it."""

inbox_events, inbox_bytes = (func.coalesce(func.sum(each), 0) for each in (inbox.c.rows, inbox_size))
"""How many events wait in all, and in how many bytes."""

source = Table(
    "source",
    tables,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("write_key", Text, nullable=False, unique=True),
    Column("created", BigInteger, nullable=False),
    Column("closed", BigInteger),
)
"""What may send events over HTTP: a `server`, or a `browser`, whose key is public and claims unverified."""

dead = Table(
    "dead",
    tables,
    Column("id", Integer, primary_key=True),
    Column("origin", Text, unique=True),
    Column("source", Text, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("settled", BigInteger),
    Column("outcome", Text),
)
"""Events that could not be taken, and why; `settled` when somebody mended (`replayed`) or `dropped` one.

`origin` names the inbox row and the place in it of one that was refused only on its way to the log.
"""

held = Table(
    "held",
    tables,
    Column("job", Text, primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("crc", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""Parcels of a file that is not read to its end yet: they reach the inbox all together, or never."""

definition = Table(
    "definition",
    tables,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("live_version", Integer),
    UniqueConstraint("kind", "slug", name="definition_slug"),
)

version = Table(
    "version",
    tables,
    Column("id", Integer, primary_key=True),
    Column("definition", Integer, ForeignKey("definition.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("body", JSON, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    UniqueConstraint("definition", "number", name="version_number"),
)

import_job = Table(
    "import_job",
    tables,
    Column("id", Integer, primary_key=True),
    Column("file", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("report", JSON, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("finished", BigInteger),
    Column("mark", Text),
    Column("undone", BigInteger),
)
"""`mark` is what its events bear in the log (null: they bear none); `undone`, when it was taken back."""

mapping = Table(
    "mapping",
    tables,
    Column("header", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("columns", JSON, nullable=False),
    Column("saved", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    tables,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("digest", Text),
    Column("seal", Text),
)
"""Who did what to what; rows are only added, each sealed with the one before it (`store.acts`)."""

suppression = Table(
    "suppression",
    tables,
    Column("id", Integer, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("lifted", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Index("suppression_hash", "hash", "channel", "reason", "id"),
)
"""Addresses that nobody may write to, as keyed hashes. Rows never change: a later `lifted` one ends them."""

erasure = Table(
    "erasure",
    tables,
    Column("id", Integer, primary_key=True),
    Column("asked", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("people", Integer, nullable=False),
    Column("plan", JSON(none_as_null=True)),
    Column("done", BigInteger),
)
"""Who asked when to erase how many people; `plan` says whom, and only until nothing of them is left."""

duplicate = Table(
    "duplicate",
    tables,
    Column("id", Integer, primary_key=True),
    Column("one", BigInteger, nullable=False),
    Column("other", BigInteger, nullable=False),
    Column("likely", Float(53), nullable=False),
    Column("levels", JSON, nullable=False),
    Column("found", BigInteger, nullable=False),
    Column("settled", BigInteger),
    Column("outcome", Text),
    Column("by", Text),
    UniqueConstraint("one", "other", name="duplicate_pair"),
)
"""Two keys, by number, that may be one customer's; `outcome` is `merged` or `dismissed` when settled."""

member = Table(
    "member",
    tables,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password", Text),
    Column("factor", Text),
    Column("factor_step", BigInteger),
    Column("joined", BigInteger, nullable=False),
    Column("left", BigInteger),
)
"""Who may sign in. `factor` is the sealed secret of their second factor, `factor_step` the last code used."""

credential = Table(
    "credential",
    tables,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("member", Integer, ForeignKey("member.id")),
    Column("name", Text, nullable=False, server_default=""),
    Column("reach", JSON, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("seen", BigInteger),
    Column("expires", BigInteger),
    Column("ended", BigInteger),
    Column("agent", Text, nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
    Index("credential_member", "member", "kind"),
)
"""Secrets that open a door to whoever bears them, as hashes: sessions, invitations, one-time links, API keys.

`reach` says what for: the scopes of a key, the role of an invitation.
"""

note = Table(
    "note",
    tables,
    Column("id", Integer, primary_key=True),
    Column("node", BigInteger, nullable=False),
    Column("task", Boolean, nullable=False),
    Column("text", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("edited", BigInteger),
    Column("due", BigInteger),
    Column("assignee", Text),
    Column("done", BigInteger),
    Column("batch", Text),
    Index("note_node", "node", "id"),
    Index("note_task", "task", "done", "due"),
    Index("note_batch", "batch"),
)
"""What somebody wrote down beside a customer, and what is to be done about one (`task`), until it is `done`.

`node` is the number of a key: whoever has the key has the note. Those written at once have a `batch`.
"""

saved_view = Table(
    "saved_view",
    tables,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("query", Text, nullable=False),
    Column("made", BigInteger, nullable=False),
)
"""A list of customers that somebody gave a name: `query` is what stands in its address after the `?`."""

export_job = Table(
    "export_job",
    tables,
    Column("id", Integer, primary_key=True),
    Column("by", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("total", BigInteger),
    Column("done", BigInteger, nullable=False),
    Column("begun", BigInteger, nullable=False),
    Column("finished", BigInteger),
    Column("failed", Text),
    Column("size", BigInteger),
)
"""A list that is or was written into a file, and how far: `finished` when all of it stands there, `failed`
says why it does not."""

draft = Table(
    "draft",
    tables,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("editor", Text, nullable=False),
    Index("draft_of", "kind", "slug"),
)
"""What people are changing in a definition, before it is published or discarded."""

playbook = Table(
    "playbook",
    tables,
    Column("id", Integer, primary_key=True),
    Column("model", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("text", Text),
    Column("owner", Text),
    Column("kpi", Text),
    Column("target", Float(53)),
    Column("changed", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    UniqueConstraint("model", "stage", name="playbook_stage"),
)
"""What is done in a stage of a model (None: as it ships), who answers for it, and a figure to be reached."""

message = Table(
    "message",
    tables,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("origin", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("person", BigInteger, nullable=False),
    Column("channel", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("template", Integer, nullable=False),
    Column("language", Text),
    Column("values", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("lane", SmallInteger, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("planned", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("due", BigInteger),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("trail", Text, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("address", Text),
    Column("transport", Integer),
    Column("worker", Text),
    Column("token", BigInteger),
    Column("lease", BigInteger),
    Column("left", BigInteger),
    Column("ended", BigInteger),
    Column("answer", Text),
    Column("reference", Text),
    Column("provider", Text),
    Column("complained", BigInteger),
    Column("cost", BigInteger),
    UniqueConstraint("origin", "step", "run", "epoch", "channel", "person", name="message_once"),
    CheckConstraint("origin <> '' AND run <> '' AND channel <> ''", name="message_named"),
    Index("message_due", "lane", "due"),
    Index("message_person", "person", "left"),
    Index("message_address", "address", "left"),
    Index("message_left", "channel", "left"),
    Index("message_ended", "ended"),
    Index("message_lease", "lease"),
    Index(
        "message_reference",
        "reference",
        sqlite_where=text("reference IS NOT NULL"),
        postgresql_where=text("reference IS NOT NULL"),
    ),
)
"""What somebody is to be sent, and what became of it: `trail` tells each decision, when and why.

`due` is when to look at it, and null once nothing waits to be done. `lane` is 0 for what customers wait for
and 1 for marketing. `lease` and `token` are those of the `worker` who is sending it, `left` is when it left,
`address` the keyed hash of where to; `ended` numbers those that reached an end, in that order; `answer` is
what the other side said, `reference` what it calls the message, `cost` is in hundredths of a cent.
"""

paused = Table(
    "paused", tables, Column("origin", Text, primary_key=True), Column("since", BigInteger, nullable=False)
)
"""Origins whose messages stay where they are, since when."""
