SELECT size, note, at_ms FROM checkpoints ORDER BY size DESC LIMIT 1
