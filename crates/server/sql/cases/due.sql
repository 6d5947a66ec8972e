-- Behind the last line of the page before: a case that can not be ended keeps no other back.
SELECT id, deadline_ms FROM cases WHERE deadline_ms <= $1 AND (deadline_ms, id) > ($2, $3) ORDER BY deadline_ms, id LIMIT $4
