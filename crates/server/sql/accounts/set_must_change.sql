UPDATE accounts SET must_change = $2 WHERE id = $1
