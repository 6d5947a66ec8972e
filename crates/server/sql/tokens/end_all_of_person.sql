DELETE FROM tokens WHERE person_id = $1
