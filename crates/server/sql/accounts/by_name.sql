SELECT id, name, mail, display, password, credential, must_change, disabled, failures, locked_until_ms, changed_ms, created_ms
FROM accounts WHERE name = $1
