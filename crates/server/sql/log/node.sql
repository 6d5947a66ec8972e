SELECT hash FROM log_nodes WHERE level = $1 AND position = $2
