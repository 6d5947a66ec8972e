SELECT field, salt, value FROM disclosures WHERE commitment = $1 LIMIT 1
