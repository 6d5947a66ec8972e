DELETE FROM account_passwords WHERE account_id = $1 AND credential <= $2
