SELECT member_of FROM account_groups WHERE account_id = $1 ORDER BY member_of
