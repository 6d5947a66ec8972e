-- When the newest password of an account was set by a case. What was proved before it changes nothing any more.
ALTER TABLE persons ADD COLUMN changed_ms BIGINT;
