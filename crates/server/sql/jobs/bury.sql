-- Taken for the last time, and the worker did not come back. SQLite uses the index of what is not dead only where that is said.
UPDATE jobs SET state = 'dead', error = COALESCE(error, 'the worker stopped while it was at it')
WHERE state <> 'dead' AND state = 'running' AND due_ms <= $1 AND tries >= max_tries
