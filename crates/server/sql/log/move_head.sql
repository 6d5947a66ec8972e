-- Compare and swap: the head only moves on from what it was read as.
UPDATE log_head SET size = $1, edge = $2, at_ms = $3 WHERE one = 1 AND size = $4 AND edge = $5
