-- Eight at once: a large group completes many nodes.
INSERT INTO log_nodes (level, position, hash) VALUES ($1, $2, $3), ($4, $5, $6), ($7, $8, $9), ($10, $11, $12),
  ($13, $14, $15), ($16, $17, $18), ($19, $20, $21), ($22, $23, $24)
