-- +goose Up
-- What statistics are read from. It follows the feed of changes as the index behind the lists does, in the same
-- transactions, and is made anew with it. A row may have come down to 0.

-- The events that stand on timelines, by when they were recorded: each counts once per hour and once per day.
CREATE TABLE event_tallies (
  daily       INTEGER NOT NULL,
  since       INTEGER NOT NULL,             -- when the hour or the day began, UTC
  source      TEXT    NOT NULL,
  provider    TEXT    NOT NULL,
  kind        TEXT    NOT NULL,
  type        TEXT    NOT NULL,
  verdict     TEXT    NOT NULL,
  n           INTEGER NOT NULL,
  PRIMARY KEY (daily, since, source, provider, kind, type, verdict)
) STRICT, WITHOUT ROWID;

-- Finished stays in a state, by their length.
CREATE TABLE stay_tallies (
  machine     TEXT    NOT NULL,
  sources     TEXT    NOT NULL,             -- of the subject: a row of source_sets
  region      TEXT    NOT NULL,
  state       TEXT    NOT NULL,
  bucket      INTEGER NOT NULL,             -- place in domain.DwellBuckets
  n           INTEGER NOT NULL,
  PRIMARY KEY (machine, sources, region, state, bucket)
) STRICT, WITHOUT ROWID;

-- Subjects by the day of their first event, once for each state that they were ever in, and once for all without one.
CREATE TABLE funnel_tallies (
  machine     TEXT    NOT NULL,
  day         INTEGER NOT NULL,             -- when it began, UTC
  sources     TEXT    NOT NULL,
  region      TEXT    NOT NULL,
  state       TEXT    NOT NULL,
  n           INTEGER NOT NULL,
  PRIMARY KEY (machine, day, sources, region, state)
) STRICT, WITHOUT ROWID;

-- The sets of sources that subjects were told of by, so that who reaches some sources finds what lies within them.
CREATE TABLE source_sets (
  sources     TEXT    NOT NULL PRIMARY KEY  -- sorted, with commas between
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE source_sets; DROP TABLE funnel_tallies; DROP TABLE stay_tallies; DROP TABLE event_tallies;
