-- Nothing ends a statement here.
SELECT 1
