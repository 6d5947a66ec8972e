-- Truth: entries and the head of their tree. Everything in `cases` and `log_nodes` can be rebuilt from them (`keyward rebuild`).
CREATE TABLE entries (
  leaf BIGINT PRIMARY KEY CHECK (leaf >= 0),
  case_id TEXT NOT NULL,
  seq BIGINT NOT NULL CHECK (seq >= 1),
  at_ms BIGINT NOT NULL,
  body {BLOB} NOT NULL,
  batch {BLOB} NOT NULL,
  UNIQUE (case_id, seq)
);
CREATE TABLE log_head (
  one BIGINT PRIMARY KEY CHECK (one = 1),
  size BIGINT NOT NULL CHECK (size >= 0),
  edge {BLOB} NOT NULL,
  at_ms BIGINT NOT NULL
);
INSERT INTO log_head (one, size, edge, at_ms) VALUES (1, 0, CAST('' AS {BLOB}), 0);
CREATE TABLE log_nodes (
  level BIGINT NOT NULL CHECK (level BETWEEN 0 AND 62),
  position BIGINT NOT NULL CHECK (position >= 0),
  hash {BLOB} NOT NULL,
  PRIMARY KEY (level, position)
);
CREATE TABLE checkpoints (
  size BIGINT PRIMARY KEY CHECK (size >= 0),
  note TEXT NOT NULL,
  at_ms BIGINT NOT NULL
);

CREATE TABLE cases (
  id TEXT PRIMARY KEY,
  reference TEXT NOT NULL UNIQUE,
  seq BIGINT NOT NULL CHECK (seq >= 1),
  state TEXT NOT NULL CHECK (state IN ('classifying', 'unmatched', 'verifying', 'authorizing', 'reissuing', 'running',
    'unknown', 'reviewing', 'reviewed', 'ended', 'contested')),
  reason TEXT,
  step TEXT NOT NULL CHECK (step IN ('classify', 'verify', 'authorize', 'reissue', 'review')),
  door TEXT NOT NULL CHECK (door IN ('forgot', 'locked', 'lost', 'account')),
  action TEXT NOT NULL,
  subject TEXT,
  class TEXT CHECK (class IN ('standard', 'finance', 'hr', 'executive', 'machine', 'admin')),
  rejections BIGINT NOT NULL CHECK (rejections >= 0),
  opened_ms BIGINT NOT NULL,
  last_ms BIGINT NOT NULL,
  held_until_ms BIGINT,
  deadline_ms BIGINT
);
CREATE INDEX cases_by_opening ON cases (opened_ms, id);
CREATE INDEX cases_by_subject ON cases (subject, opened_ms);
CREATE INDEX cases_by_deadline ON cases (deadline_ms) WHERE deadline_ms IS NOT NULL;

-- Personal values behind the commitments in the log. To erase one is to delete its row: salt and value go together.
CREATE TABLE disclosures (
  case_id TEXT NOT NULL,
  commitment {BLOB} NOT NULL,
  person_id TEXT,
  field TEXT NOT NULL CHECK (field IN ('name', 'network', 'browser', 'account', 'address', 'note')),
  salt {BLOB} NOT NULL,
  value TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (case_id, commitment)
);
CREATE INDEX disclosures_by_commitment ON disclosures (commitment);
CREATE INDEX disclosures_by_person ON disclosures (person_id);
CREATE INDEX disclosures_of_nobody ON disclosures (at_ms) WHERE person_id IS NULL;

CREATE TABLE persons (
  id TEXT PRIMARY KEY,
  directory TEXT NOT NULL,
  directory_id TEXT NOT NULL,
  salt {BLOB} NOT NULL,
  language TEXT,
  blocked_until_ms BIGINT,
  created_ms BIGINT NOT NULL,
  UNIQUE (directory, directory_id)
);
CREATE TABLE factors (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
  method TEXT NOT NULL CHECK (method IN ('passkey', 'in_person', 'totp', 'recovery_code', 'known_device', 'email',
    'directory_password')),
  label TEXT NOT NULL,
  data {BLOB} NOT NULL,
  handle {BLOB} UNIQUE,
  created_ms BIGINT NOT NULL,
  usable_from_ms BIGINT NOT NULL,
  last_used_ms BIGINT,
  last_step BIGINT NOT NULL CHECK (last_step >= 0),
  failures BIGINT NOT NULL CHECK (failures BETWEEN 0 AND 100),
  ended_ms BIGINT
);
CREATE INDEX factors_by_person ON factors (person_id);
CREATE TABLE recovery_codes (
  factor_id TEXT NOT NULL REFERENCES factors (id) ON DELETE CASCADE,
  hash {BLOB} NOT NULL,
  used_ms BIGINT,
  PRIMARY KEY (factor_id, hash)
);

-- Everything that opens something and is held by somebody outside: links, codes, sessions, ceremonies. Only digests.
CREATE TABLE tokens (
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
);
CREATE INDEX tokens_by_case ON tokens (case_id);
CREATE INDEX tokens_by_person ON tokens (person_id);
CREATE INDEX tokens_by_expiry ON tokens (expires_ms);

CREATE TABLE limits (
  name TEXT NOT NULL,
  key_digest {BLOB} NOT NULL,
  start_ms BIGINT NOT NULL,
  spent BIGINT NOT NULL CHECK (spent >= 0),
  spent_before BIGINT NOT NULL CHECK (spent_before >= 0),
  ends_ms BIGINT NOT NULL,
  PRIMARY KEY (name, key_digest)
);
CREATE INDEX limits_by_end ON limits (ends_ms);

CREATE TABLE jobs (
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
);
CREATE UNIQUE INDEX jobs_only_one ON jobs (only_one) WHERE state <> 'dead';
CREATE INDEX jobs_by_due ON jobs (due_ms, id) WHERE state <> 'dead';

CREATE TABLE policies (
  digest {BLOB} PRIMARY KEY,
  text TEXT NOT NULL,
  at_ms BIGINT NOT NULL
);
CREATE TABLE answers (
  key_digest {BLOB} PRIMARY KEY,
  request {BLOB} NOT NULL,
  response {BLOB} NOT NULL,
  expires_ms BIGINT NOT NULL
);

-- The embedded directory, for installations without another one.
CREATE TABLE accounts (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  mail TEXT,
  display TEXT NOT NULL,
  password TEXT,
  credential BIGINT NOT NULL CHECK (credential >= 0),
  must_change BIGINT NOT NULL CHECK (must_change IN (0, 1)),
  disabled BIGINT NOT NULL CHECK (disabled IN (0, 1)),
  failures BIGINT NOT NULL CHECK (failures >= 0),
  locked_until_ms BIGINT,
  changed_ms BIGINT,
  created_ms BIGINT NOT NULL
);
CREATE INDEX accounts_by_mail ON accounts (mail);
CREATE TABLE account_passwords (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  credential BIGINT NOT NULL,
  password TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (account_id, credential)
);
CREATE TABLE account_groups (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  member_of TEXT NOT NULL,
  PRIMARY KEY (account_id, member_of)
);
