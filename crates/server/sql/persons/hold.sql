-- Whoever else wants to hold this person waits until this one is done.
UPDATE persons SET id = id WHERE id = $1
