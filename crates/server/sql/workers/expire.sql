DELETE FROM workers WHERE seen_ms < $1 OR seen_ms > $2
