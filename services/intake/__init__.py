"""intake takes complaints and tells the complainant how they stand.

Owns       the complaint as filed, the complainant's identity (sealed), what the complainant may see
Consumes   ComplaintHeld, ComplaintAssigned, CaseOpened, CaseAccepted, CaseReplied, CaseResolved
Publishes  ComplaintFiled, ComplaintWithdrawn
"""
