-- One statement, so that head and entries are of one moment.
SELECT leaf FROM entries WHERE leaf >= (SELECT size FROM log_head WHERE one = 1) ORDER BY leaf LIMIT 1
