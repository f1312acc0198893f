"""tracker keeps the case, its deadlines and the queue that agencies pull, and counts.

Owns       the case, its deadlines, the agency queue, the numbers
Consumes   ComplaintAssigned, ComplaintWithdrawn
Publishes  CaseOpened, CaseAccepted, CaseReplied, CaseResolved, DeadlineWarned, DeadlineMissed
"""
