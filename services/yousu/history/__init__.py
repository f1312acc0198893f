"""`yousu import`: an office's past and open cases from a file, checked whole before anything is written."""
