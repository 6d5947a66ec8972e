-- Compared as a pair, so that PostgreSQL begins in the index where the last page ended.
SELECT leaf, body FROM entries WHERE (case_id, seq) > ($1, $2) ORDER BY case_id, seq LIMIT $3
