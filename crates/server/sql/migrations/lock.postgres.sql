SELECT CAST(pg_advisory_xact_lock(5143310001) AS TEXT)
