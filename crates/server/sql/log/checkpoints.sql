SELECT size, note, at_ms FROM checkpoints ORDER BY size
