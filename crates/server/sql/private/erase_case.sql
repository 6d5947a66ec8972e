DELETE FROM disclosures WHERE case_id = $1
