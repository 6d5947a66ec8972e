DELETE FROM jobs WHERE id = $1 AND state = 'dead'
