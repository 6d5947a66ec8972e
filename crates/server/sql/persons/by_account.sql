SELECT id, directory, directory_id, salt, language, blocked_until_ms, created_ms FROM persons WHERE directory = $1 AND directory_id = $2
