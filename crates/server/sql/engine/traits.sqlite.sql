SELECT 'version', sqlite_version()
