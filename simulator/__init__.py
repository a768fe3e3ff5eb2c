"""The round, the run, the record and the certificate."""
