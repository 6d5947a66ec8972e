-- What waits and is due, or was taken by a worker that did not come back in time.
UPDATE jobs SET state = 'running', tries = tries + 1, due_ms = $2
WHERE id IN (
  SELECT id FROM jobs WHERE state <> 'dead' AND due_ms <= $1 AND tries < max_tries AND kind NOT IN ($3, $4, $5, $6, $7, $8) ORDER BY due_ms, id LIMIT $9
)
RETURNING id, kind, case_id, payload, tries, max_tries
