SELECT leaf, body FROM entries WHERE leaf >= $1 AND leaf < $2 ORDER BY leaf
