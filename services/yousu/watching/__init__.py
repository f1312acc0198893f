"""What supervisors watch, made from the definitions of the indicators: recording rules and dashboards.

`python -m services.yousu.watching` writes them anew into deploy/; a test holds the files against the code.
"""
