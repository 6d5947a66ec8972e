SELECT MAX(seen.at_ms) FROM (
  SELECT at_ms FROM log_head UNION ALL SELECT created_ms FROM tokens UNION ALL SELECT created_ms FROM jobs UNION ALL SELECT seen_ms FROM workers
) AS seen
