INSERT INTO disclosures (case_id, commitment, person_id, field, salt, value, at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (case_id, commitment) DO NOTHING
