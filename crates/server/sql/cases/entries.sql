SELECT leaf, body FROM entries WHERE case_id = $1 ORDER BY seq
