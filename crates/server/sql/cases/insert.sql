-- No row means that the id or the reference is taken.
INSERT INTO cases (id, reference, seq, state, reason, step, door, action, subject, class, rejections, opened_ms, last_ms,
  held_until_ms, deadline_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT DO NOTHING
