-- Taken for the last time, and the worker did not come back.
UPDATE jobs SET state = 'dead', error = COALESCE(error, 'the worker stopped while it was at it')
WHERE state = 'running' AND due_ms <= $1 AND tries >= max_tries
