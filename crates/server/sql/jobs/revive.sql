UPDATE jobs SET state = 'waiting', due_ms = $2, tries = 0
WHERE id = $1 AND state = 'dead'
  AND NOT EXISTS (SELECT 1 FROM jobs AS other WHERE other.only_one = jobs.only_one AND other.state <> 'dead')
