-- What workers say of themselves every few seconds, so that whoever serves pages can tell whether recoveries would come to their end.
CREATE TABLE workers (
  id TEXT PRIMARY KEY,
  seen_ms BIGINT NOT NULL,
  signs BIGINT NOT NULL CHECK (signs IN (0, 1)),
  directories BIGINT NOT NULL CHECK (directories >= 0)
);
