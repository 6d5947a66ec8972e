DELETE FROM tokens WHERE purpose = $1 AND case_id IS NULL AND person_id IS NULL
