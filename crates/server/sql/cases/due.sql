SELECT id FROM cases WHERE deadline_ms <= $1 ORDER BY deadline_ms LIMIT $2
