INSERT INTO account_passwords (account_id, credential, password, at_ms) VALUES ($1, $2, $3, $4)
