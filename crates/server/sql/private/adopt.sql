-- What was typed before anybody knew whose account it is belongs to the subject from now on.
UPDATE disclosures SET person_id = $2 WHERE case_id = $1 AND person_id IS NULL
