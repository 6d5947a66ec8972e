SELECT case_id, field, salt, value FROM disclosures WHERE person_id = $1 ORDER BY case_id, commitment
