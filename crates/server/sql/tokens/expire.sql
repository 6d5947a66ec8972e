-- Not by the moment at which a session rests too long: that has no index, and no session is far from its end.
DELETE FROM tokens WHERE expires_ms <= $1
