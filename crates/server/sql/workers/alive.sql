SELECT signs, directories FROM workers WHERE seen_ms BETWEEN $1 AND $2
