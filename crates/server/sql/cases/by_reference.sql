SELECT id FROM cases WHERE reference = $1
