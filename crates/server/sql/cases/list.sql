-- A page of the list, newest first. An empty word or a zero asks for everything.
SELECT id, reference, seq, state, reason, step, door, action, subject, class, rejections, opened_ms, last_ms, held_until_ms,
  deadline_ms
FROM cases
WHERE (opened_ms, id) < ($1, $2)
  AND ($3 = '' OR state = $3) AND ($4 = '' OR class = $4) AND ($5 = '' OR subject = $5)
  AND ($6 = 0 OR state NOT IN ('reviewed', 'ended', 'contested'))
ORDER BY opened_ms DESC, id DESC LIMIT $7
