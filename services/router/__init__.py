"""router assigns each complaint to the agency responsible by the report's mapping, or holds it for a person.

Owns       decisions with their reasons, the triage desk
Consumes   ComplaintFiled, ComplaintWithdrawn, CaseResolved
Publishes  ComplaintAssigned, ComplaintHeld
"""
