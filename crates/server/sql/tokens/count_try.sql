-- Counted before anything is compared, for every code that is alive in this case and browser (R9).
UPDATE tokens SET tries = tries + 1
WHERE purpose = $1 AND case_id = $2 AND browser = $3 AND expires_ms > $4 AND tries < max_tries
RETURNING hash, person_id, data, tries, max_tries
