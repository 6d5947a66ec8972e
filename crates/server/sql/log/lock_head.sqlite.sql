SELECT size, edge, at_ms FROM log_head WHERE one = 1
