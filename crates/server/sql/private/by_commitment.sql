SELECT field, salt, value FROM disclosures WHERE case_id = $1 AND commitment = $2
