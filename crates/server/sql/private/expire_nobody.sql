DELETE FROM disclosures WHERE person_id IS NULL AND at_ms < $1
