"""intake takes complaints, tells the complainant how they stand, and takes what the complainant adds, rates, contests.

Owns       the complaint as filed, the complainant's identity and words (sealed), what the complainant may see
Consumes   every fact of router and tracker that changes what the complainant sees
Publishes  ComplaintFiled, ComplaintSupplemented, ComplaintRated, ReviewAsked, ComplaintWithdrawn
"""
