SELECT CAST(current_setting($1) AS TEXT)
