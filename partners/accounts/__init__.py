"""The accounts of a CCAS and of the caisses that work there: invited, changed, suspended, opened again.

perimeter         who keeps whose account
states            invited, open, suspended
services          the writers
letters           what is sent to the person, once the transaction is over
changes           what the undoing of a change gives back
forms, views, ask_views, invitation_views, urls
"""
