-- The number of tries is the fence: a worker that lost its turn touches nothing.
UPDATE jobs SET due_ms = $3 WHERE id = $1 AND tries = $2 AND state = 'running'
