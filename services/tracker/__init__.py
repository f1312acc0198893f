"""tracker keeps the case, its clock and the queue that agencies pull; it supervises, and counts.

Owns       the case, its deadlines and their ledger, the agency queue, opinions, extensions, supervision, the numbers
Consumes   ComplaintFiled, ComplaintHeld, SupplementAsked, ComplaintSupplemented, ComplaintLinked, ComplaintAssigned,
           ComplaintRefused, ComplaintWithdrawn, ComplaintRated, ReviewAsked
Publishes  RouteStarted, RoutePaused, RouteResumed, CaseOpened, CaseAccepted, CaseReturned, CaseClassed, CaseSuspended,
           CaseResumed, ExtensionAsked, ExtensionDecided, DeadlinesMoved, OpinionGiven, NoteTaken, CaseReplied,
           ArrearsRecorded, CaseResolved, CaseClosed, CaseRated, ReviewOpened, ReviewDecided, CaseReopened,
           DeadlineWarned, DeadlineMissed, AgencyNamed, CaseSupervised, SupervisionReplied
"""
