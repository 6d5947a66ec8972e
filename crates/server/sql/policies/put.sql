INSERT INTO policies (digest, text, at_ms) VALUES ($1, $2, $3)
ON CONFLICT (digest) DO UPDATE SET text = excluded.text WHERE policies.text <> excluded.text
