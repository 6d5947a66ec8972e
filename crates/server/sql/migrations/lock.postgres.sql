SELECT 1 FROM (SELECT pg_advisory_xact_lock(5143310001)) AS held WHERE 1 = 0
