-- What ran out is looked for every minute.
CREATE INDEX answers_by_expiry ON answers (expires_ms);
