SELECT COUNT(*) FROM jobs WHERE kind = $1 AND state = 'waiting'
