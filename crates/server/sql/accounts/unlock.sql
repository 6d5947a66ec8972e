UPDATE accounts SET failures = 0, locked_until_ms = NULL WHERE id = $1 AND disabled = 0
