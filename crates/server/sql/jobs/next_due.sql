SELECT due_ms FROM jobs WHERE state <> 'dead' AND tries < max_tries ORDER BY due_ms LIMIT 1
