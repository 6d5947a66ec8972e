UPDATE recovery_codes SET hash = $3, used_ms = NULL
WHERE factor_id = $1 AND used_ms = $2
  AND EXISTS (SELECT 1 FROM factors WHERE id = $1 AND ended_ms IS NULL)
