-- The transaction was begun as the only one that writes.
DELETE FROM migrations WHERE version < 0
