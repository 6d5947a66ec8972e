-- Compare and set: whoever read an older credential than the stored one changes nothing.
UPDATE accounts SET password = $3, credential = credential + 1, must_change = $4, changed_ms = $5
WHERE id = $1 AND credential = $2
RETURNING credential
