-- The transaction was begun as the only one that writes.
SELECT 1
