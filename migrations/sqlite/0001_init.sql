-- +goose Up
-- Instants are microseconds since 1970, UTC. States, verdicts, phases and counts are a cache of the fold: everything
-- the fold reads stands in a column of events, so no verdict needs a body.

CREATE TABLE subjects (
  id              INTEGER PRIMARY KEY,      -- never shown
  digest          BLOB    NOT NULL UNIQUE,  -- domain.Subject.Digest
  provider        TEXT    NOT NULL,
  kind            TEXT    NOT NULL,
  subject_id      TEXT    NOT NULL,         -- the provider's, verbatim
  source          TEXT    NOT NULL,         -- of the event that made it known
  status          TEXT    NOT NULL,
  delivery        TEXT    NOT NULL,
  phase           TEXT    NOT NULL,
  permanent       INTEGER NOT NULL,
  status_since    INTEGER,
  delivery_since  INTEGER,
  last_at         INTEGER NOT NULL,         -- the canonically last event's instant: a later event needs no history
  joined_at       INTEGER NOT NULL,         -- when its last event joined: no replica's clock goes behind it
  company_id      TEXT    NOT NULL,
  reference       TEXT    NOT NULL,
  recipient       TEXT    NOT NULL,
  metadata        TEXT    NOT NULL,
  status_reported   TEXT  NOT NULL,
  delivery_reported TEXT  NOT NULL,
  places          BLOB    NOT NULL,         -- where each of the six values above was set, see store/places.go
  events          INTEGER NOT NULL,
  illegal         INTEGER NOT NULL,
  machine_revision INTEGER NOT NULL,        -- of the table that folded it
  machine_hash    TEXT    NOT NULL
) STRICT;

CREATE TABLE events (
  subject     INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  rank        INTEGER NOT NULL,
  fp          BLOB    NOT NULL,
  type        TEXT    NOT NULL,
  region      TEXT    NOT NULL,
  target      TEXT    NOT NULL,
  previous    TEXT    NOT NULL,
  at_text     TEXT    NOT NULL,
  quality     TEXT    NOT NULL,
  facts       INTEGER NOT NULL,
  given_flags INTEGER NOT NULL,             -- the event's own; flags below adds the fold's
  company_id  TEXT    NOT NULL,
  reference   TEXT    NOT NULL,
  recipient   TEXT    NOT NULL,
  metadata    TEXT    NOT NULL,
  meaning     BLOB    NOT NULL,
  verdict     TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  flags       INTEGER NOT NULL,
  status      TEXT    NOT NULL,             -- the state after the event, with its registers
  delivery    TEXT    NOT NULL,
  phase       TEXT    NOT NULL,
  permanent   INTEGER NOT NULL,
  joined_at   INTEGER NOT NULL,             -- never decreasing per database
  source      TEXT    NOT NULL,
  received_at INTEGER NOT NULL,
  last_at     INTEGER NOT NULL,
  late        INTEGER NOT NULL,
  seen        INTEGER NOT NULL,
  delivery_ids TEXT   NOT NULL,             -- JSON array: the first 8 and the last 8
  body        INTEGER NOT NULL,             -- bodies.id
  PRIMARY KEY (subject, at, rank, fp)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX events_identity ON events (subject, fp);
CREATE INDEX events_illegal ON events (at, fp, subject) WHERE verdict = 'illegal';

CREATE TABLE bodies (
  id     INTEGER PRIMARY KEY,
  sha256 BLOB NOT NULL,
  body   BLOB NOT NULL
) STRICT;

-- What was recorded and which verdicts changed, in the order of commits.
CREATE TABLE changes (
  seq         INTEGER PRIMARY KEY,
  joined_at   INTEGER NOT NULL,
  subject     INTEGER NOT NULL,
  fp          BLOB    NOT NULL,
  was         TEXT    NOT NULL,             -- the verdict before; empty when the event was just recorded
  verdict     TEXT    NOT NULL,             -- empty when the event was taken off the timeline
  region      TEXT    NOT NULL,             -- this and the next three: what was believed, for was = 'illegal'
  was_from    TEXT    NOT NULL,
  was_to      TEXT    NOT NULL,
  was_reason  TEXT    NOT NULL,
  believed_at INTEGER NOT NULL,             -- when the belief in was began
  cause       BLOB    NOT NULL              -- fingerprint of the event that changed it; empty: a machine upgrade
) STRICT;
CREATE INDEX changes_cleared ON changes (seq) WHERE was = 'illegal';
CREATE INDEX changes_subject ON changes (subject, seq) WHERE was <> '';

CREATE TABLE parked (
  seq         INTEGER PRIMARY KEY,
  id          TEXT    NOT NULL UNIQUE,      -- prk_ and a UUIDv7
  key         BLOB    NOT NULL,             -- domain.ParkKey: finds further copies
  result      TEXT    NOT NULL,
  code        TEXT    NOT NULL,
  detail      TEXT    NOT NULL,
  source      TEXT    NOT NULL,
  provider    TEXT    NOT NULL,
  delivery_id TEXT    NOT NULL,
  attempt_at  INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  last_at     INTEGER NOT NULL,
  seen        INTEGER NOT NULL,
  kind        TEXT    NOT NULL,             -- of the subject, where known
  subject_id  TEXT    NOT NULL,
  fp          BLOB    NOT NULL,             -- empty where unknown
  claims      TEXT    NOT NULL,             -- JSON array of domain.Claims: one per differing copy
  sha256      BLOB    NOT NULL,
  body        BLOB    NOT NULL,
  closed_at   INTEGER                       -- when it was resolved
) STRICT;
CREATE UNIQUE INDEX parked_open ON parked (key) WHERE closed_at IS NULL;
CREATE INDEX parked_closed ON parked (key) WHERE closed_at IS NOT NULL; -- further copies of what was resolved
CREATE INDEX parked_conflicts ON parked (fp) WHERE result = 'conflict';
CREATE INDEX parked_list ON parked (result, seq) WHERE closed_at IS NULL;

CREATE TABLE sources (
  source       TEXT    NOT NULL,
  shard        INTEGER NOT NULL DEFAULT 0,  -- each writing process adds to its own, so that none waits for another
  received     INTEGER NOT NULL DEFAULT 0,
  recorded     INTEGER NOT NULL DEFAULT 0,
  duplicate    INTEGER NOT NULL DEFAULT 0,
  conflict     INTEGER NOT NULL DEFAULT 0,
  unresolved   INTEGER NOT NULL DEFAULT 0,
  quarantined  INTEGER NOT NULL DEFAULT 0,
  overflow     INTEGER NOT NULL DEFAULT 0,  -- parked deliveries counted above, but not kept: the list was full
  last_received INTEGER,
  rejected     INTEGER NOT NULL DEFAULT 0,
  last_rejection INTEGER,
  last_reason  TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (source, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
  hash       BLOB PRIMARY KEY,              -- SHA-256; the key itself is shown once and never stored
  name       TEXT    NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: positions in changes that were given out hold for this epoch only.
CREATE TABLE feed (
  epoch      TEXT    NOT NULL
) STRICT;
INSERT INTO feed VALUES (lower(hex(randomblob(16))));

-- What must be done once, by whichever process claims it first.
CREATE TABLE work (
  kind       TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  due_at     INTEGER NOT NULL,              -- not before
  free_at    INTEGER NOT NULL,              -- when the last claim of it ends, by the database's clock
  attempt    INTEGER NOT NULL,              -- how often it was claimed or planned: the last one counts
  PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_due ON work (kind, due_at);

-- +goose Down
DROP TABLE work; DROP TABLE feed; DROP TABLE keys; DROP TABLE sources; DROP TABLE parked; DROP TABLE changes; DROP TABLE bodies; DROP TABLE events; DROP TABLE subjects;
