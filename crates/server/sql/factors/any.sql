SELECT id, person_id, method, label, data, handle, created_ms, usable_from_ms, last_used_ms, last_step, failures, ended_ms FROM factors ORDER BY id DESC LIMIT 1
