SELECT digest, at_ms FROM policies ORDER BY at_ms, digest
