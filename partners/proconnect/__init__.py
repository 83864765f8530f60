"""Sign-in by ProConnect, the State's OpenID Connect federation for people at work.

    configuration   what the settings say
    transport       one question to the provider over HTTP, within a time
    provider        where its doors are and which keys it signs with, remembered for an hour
    tokens          what a signed answer says, once everything about it is verified
    sign_in         the request that a browser carries there, and what comes back with it
    accounts        whose account that is, and whether it may come in
    stages, session what allauth and our guards are told of it
    sign_out        leaving the provider as well
    views           the four pages

Every check that fails raises a `Refusal`: nobody is signed in, one line of log names the reason.
"""
