"""What leaves as files: the cases and the monthly bulletin, as CSV and as Excel, in bounded memory however many.

Reading order: columns (what a file says of a case) · cases (reading them page by page) · bulletin (a month's figures) ·
delimited and workbook (the two ways of writing) · api (door 1).
"""
