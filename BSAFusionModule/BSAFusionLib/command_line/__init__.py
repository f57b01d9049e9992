"""The command line: files in, files out, all or nothing."""
