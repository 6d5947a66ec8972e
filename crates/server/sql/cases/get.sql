SELECT id, reference, seq, state, reason, step, door, action, subject, class, rejections, opened_ms, last_ms, held_until_ms,
  deadline_ms
FROM cases WHERE id = $1
