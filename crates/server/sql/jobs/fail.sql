UPDATE jobs SET state = CASE WHEN tries < max_tries THEN 'waiting' ELSE 'dead' END, due_ms = $3, error = $4
WHERE id = $1 AND tries = $2 AND state = 'running'
RETURNING state
