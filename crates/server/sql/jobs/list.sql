SELECT id, kind, case_id, state, due_ms, tries, max_tries, error, created_ms FROM jobs ORDER BY due_ms, id LIMIT $1
