-- Less to write for each change. SQLite keeps a table whose key is no row number twice, in rows and in an index over the key, unless it is told
-- otherwise; and what has no person needs no place in an index by person. A value is asked for by its case, so nothing is found by commitment alone.

CREATE TABLE entries_narrow (
  leaf {ROW} PRIMARY KEY CHECK (leaf >= 0),
  case_id TEXT NOT NULL,
  seq BIGINT NOT NULL CHECK (seq >= 1),
  at_ms BIGINT NOT NULL,
  body {BLOB} NOT NULL,
  batch {BLOB} NOT NULL,
  UNIQUE (case_id, seq)
);
INSERT INTO entries_narrow SELECT * FROM entries;
DROP TABLE entries;
ALTER TABLE entries_narrow RENAME TO entries;

CREATE TABLE log_nodes_narrow (
  level BIGINT NOT NULL CHECK (level BETWEEN 0 AND 62),
  position BIGINT NOT NULL CHECK (position >= 0),
  hash {BLOB} NOT NULL,
  PRIMARY KEY (level, position)
) {ONCE};
INSERT INTO log_nodes_narrow SELECT * FROM log_nodes;
DROP TABLE log_nodes;
ALTER TABLE log_nodes_narrow RENAME TO log_nodes;

CREATE TABLE disclosures_narrow (
  case_id TEXT NOT NULL,
  commitment {BLOB} NOT NULL,
  person_id TEXT,
  field TEXT NOT NULL CHECK (field IN ('name', 'network', 'browser', 'account', 'address', 'note')),
  salt {BLOB} NOT NULL,
  value TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (case_id, commitment)
) {ONCE};
INSERT INTO disclosures_narrow SELECT * FROM disclosures;
DROP TABLE disclosures;
ALTER TABLE disclosures_narrow RENAME TO disclosures;
CREATE INDEX disclosures_by_person ON disclosures (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX disclosures_of_nobody ON disclosures (at_ms) WHERE person_id IS NULL;

CREATE TABLE tokens_narrow (
  purpose TEXT NOT NULL CHECK (purpose IN ('case', 'link', 'code', 'ceremony', 'enroll', 'sign_in', 'staff_sign_in',
    'approve', 'contest', 'invite')),
  hash {BLOB} NOT NULL,
  case_id TEXT,
  person_id TEXT,
  browser {BLOB},
  data {BLOB} NOT NULL,
  created_ms BIGINT NOT NULL,
  idle_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL,
  tries BIGINT NOT NULL CHECK (tries >= 0),
  max_tries BIGINT NOT NULL CHECK (max_tries >= tries),
  PRIMARY KEY (purpose, hash)
) {ONCE};
INSERT INTO tokens_narrow SELECT * FROM tokens;
DROP TABLE tokens;
ALTER TABLE tokens_narrow RENAME TO tokens;
CREATE INDEX tokens_by_case ON tokens (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX tokens_by_person ON tokens (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX tokens_by_expiry ON tokens (expires_ms);

CREATE TABLE limits_narrow (
  name TEXT NOT NULL,
  key_digest {BLOB} NOT NULL,
  start_ms BIGINT NOT NULL,
  spent BIGINT NOT NULL CHECK (spent >= 0),
  spent_before BIGINT NOT NULL CHECK (spent_before >= 0),
  ends_ms BIGINT NOT NULL,
  PRIMARY KEY (name, key_digest)
) {ONCE};
INSERT INTO limits_narrow SELECT * FROM limits;
DROP TABLE limits;
ALTER TABLE limits_narrow RENAME TO limits;
CREATE INDEX limits_by_end ON limits (ends_ms);

CREATE TABLE jobs_narrow (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  case_id TEXT,
  only_one TEXT,
  payload {BLOB} NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'dead')),
  due_ms BIGINT NOT NULL,
  tries BIGINT NOT NULL CHECK (tries >= 0),
  max_tries BIGINT NOT NULL CHECK (max_tries >= 1),
  error TEXT,
  created_ms BIGINT NOT NULL
) {ONCE};
INSERT INTO jobs_narrow SELECT * FROM jobs;
DROP TABLE jobs;
ALTER TABLE jobs_narrow RENAME TO jobs;
CREATE UNIQUE INDEX jobs_only_one ON jobs (only_one) WHERE only_one IS NOT NULL AND state <> 'dead';
CREATE INDEX jobs_by_due ON jobs (due_ms, id) WHERE state <> 'dead';
