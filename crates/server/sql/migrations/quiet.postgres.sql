-- Nobody writes while rows are copied: what is committed in between would stay in the old table. The head first, as every change takes it.
DO $$ BEGIN
  IF to_regclass('log_head') IS NOT NULL THEN
    LOCK TABLE log_head, entries, log_nodes, disclosures, tokens, limits, jobs, answers IN ACCESS EXCLUSIVE MODE;
  END IF;
END $$
