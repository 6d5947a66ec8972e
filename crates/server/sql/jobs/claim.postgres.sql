-- An array, because as a set the rows could be locked again for each that is compared, beyond the limit.
UPDATE jobs SET state = 'running', tries = tries + 1, due_ms = $2
WHERE id = ANY (ARRAY(
  SELECT id FROM jobs WHERE state <> 'dead' AND due_ms <= $1 AND tries < max_tries AND kind NOT IN ($3, $4, $5, $6, $7, $8) ORDER BY due_ms, id LIMIT $9
  FOR UPDATE SKIP LOCKED
))
RETURNING id, kind, case_id, payload, tries, max_tries
