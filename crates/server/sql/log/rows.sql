SELECT leaf, case_id, seq, at_ms, body FROM entries WHERE leaf >= $1 AND leaf < $2 ORDER BY leaf
