-- Compare and set: whoever read an older credential than the stored one changes nothing. A new password ends a lock; a disabled account has none.
UPDATE accounts SET password = $3, credential = credential + 1, must_change = $4, changed_ms = $5, failures = 0, locked_until_ms = NULL
WHERE id = $1 AND credential = $2 AND disabled = 0
RETURNING credential
