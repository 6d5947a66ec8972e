DELETE FROM tokens WHERE expires_ms <= $1 OR idle_ms <= $1
