SELECT position, hash FROM log_nodes WHERE level = $1 AND position >= $2 AND position < $3 ORDER BY position
