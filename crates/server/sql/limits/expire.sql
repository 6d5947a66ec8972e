DELETE FROM limits WHERE ends_ms <= $1
