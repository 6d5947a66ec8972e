SELECT size, note, at_ms FROM checkpoints WHERE size = $1
