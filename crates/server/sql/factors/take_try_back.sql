-- The code was right for another app of the same person: nobody guessed at this one.
UPDATE factors SET failures = failures - 1 WHERE id = $1 AND failures > 0
