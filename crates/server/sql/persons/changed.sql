UPDATE persons SET changed_ms = $2 WHERE id = $1 AND (changed_ms IS NULL OR changed_ms < $2)
