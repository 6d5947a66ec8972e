# info
