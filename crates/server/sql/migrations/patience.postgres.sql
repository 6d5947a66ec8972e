-- For this transaction: a long copy comes to its end, and who has to wait for another process that migrates waits.
SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)
