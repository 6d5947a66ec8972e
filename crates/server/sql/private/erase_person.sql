DELETE FROM disclosures WHERE person_id = $1
