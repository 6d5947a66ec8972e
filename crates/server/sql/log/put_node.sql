INSERT INTO log_nodes (level, position, hash) VALUES ($1, $2, $3)
