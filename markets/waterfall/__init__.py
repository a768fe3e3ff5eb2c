"""Markets for cleared securities, and the rates at which calls and gains are paid."""
