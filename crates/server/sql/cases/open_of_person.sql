-- All of them: under a limit, one would stay open behind a flood of others.
SELECT id FROM cases WHERE subject = $1 AND state NOT IN ('reviewed', 'ended', 'contested') ORDER BY opened_ms, id
