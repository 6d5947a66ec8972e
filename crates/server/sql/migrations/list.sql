SELECT version, name, digest FROM migrations ORDER BY version
