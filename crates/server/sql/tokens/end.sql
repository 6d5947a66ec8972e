DELETE FROM tokens WHERE purpose = $1 AND hash = $2
