-- Only where there is none: of two who set a server up at the same time one wins.
INSERT INTO accounts (id, name, mail, display, credential, must_change, disabled, failures, created_ms)
SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), 0, 0, 0, 0, CAST($5 AS BIGINT)
WHERE NOT EXISTS (SELECT 1 FROM accounts)
ON CONFLICT DO NOTHING
