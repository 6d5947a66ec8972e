-- The second condition is that of the index: dead jobs stay, and are not to be read with each sign-in.
SELECT COUNT(*) FROM jobs WHERE kind = $1 AND state <> 'dead' AND state = 'waiting'
