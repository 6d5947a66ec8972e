SELECT password FROM account_passwords WHERE account_id = $1 ORDER BY credential DESC
