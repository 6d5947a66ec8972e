UPDATE tokens SET idle_ms = $4 WHERE purpose = $1 AND hash = $2 AND expires_ms > $3 AND idle_ms > $3
