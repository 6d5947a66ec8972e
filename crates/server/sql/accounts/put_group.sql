INSERT INTO account_groups (account_id, member_of) VALUES ($1, $2) ON CONFLICT DO NOTHING
