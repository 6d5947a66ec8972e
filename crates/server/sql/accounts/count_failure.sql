UPDATE accounts SET failures = failures + 1,
  locked_until_ms = CASE WHEN failures + 1 >= $2 THEN $3 ELSE locked_until_ms END
WHERE id = $1
RETURNING failures, locked_until_ms
