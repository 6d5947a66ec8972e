DELETE FROM account_groups WHERE account_id = $1 AND member_of = $2
