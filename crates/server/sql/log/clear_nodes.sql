DELETE FROM log_nodes
