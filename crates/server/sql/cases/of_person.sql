SELECT id, reference, seq, state, reason, step, door, action, subject, class, rejections, opened_ms, last_ms, held_until_ms,
  deadline_ms
FROM cases WHERE subject = $1 AND opened_ms >= $2 ORDER BY opened_ms DESC, id DESC LIMIT 1000
