DELETE FROM tokens WHERE case_id = $1 AND purpose = $2
