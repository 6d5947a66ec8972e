-- Looked at and kept from being ended by anybody else until the commit.
UPDATE tokens SET tries = tries
WHERE purpose = $1 AND hash = $2 AND expires_ms > $3 AND idle_ms > $3
  AND (browser IS NULL OR browser = $4) AND (case_id IS NULL OR case_id = $5)
