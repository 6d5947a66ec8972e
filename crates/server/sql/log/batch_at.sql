SELECT batch FROM entries WHERE leaf = $1
