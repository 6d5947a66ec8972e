DELETE FROM tokens WHERE person_id = $1 AND purpose = $2
