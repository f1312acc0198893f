"""The push beside the queue: facts that concern an agency go to its own address, signed, until they get through.

Reading order: concern (whom a fact concerns) · push (the hook in the transaction) · tables · sending (claim, send
outside the transaction, record) · post (one request) · address (where none may go) · handlers · api.
"""
