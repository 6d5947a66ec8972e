-- Counted and not listed: under a limit, a flood of others would hide what happened.
SELECT COUNT(CASE WHEN opened_ms > $4 AND id <> $2 THEN 1 END),
  CAST(COALESCE(SUM(CASE WHEN opened_ms > $4 THEN rejections END), 0) AS BIGINT),
  COUNT(CASE WHEN state = 'contested' AND id <> $2 THEN 1 END)
FROM cases WHERE subject = $1 AND opened_ms >= $3
