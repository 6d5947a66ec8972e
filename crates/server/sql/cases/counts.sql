SELECT state, COUNT(*) FROM cases GROUP BY state ORDER BY state
