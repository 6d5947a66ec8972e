DELETE FROM jobs WHERE id = $1 AND tries = $2 AND state = 'running'
