-- Whoever writes a change of this person at the moment is waited for.
UPDATE persons SET id = id WHERE id = $1 AND (changed_ms IS NULL OR changed_ms < $2)
