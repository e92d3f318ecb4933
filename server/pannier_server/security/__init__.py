"""Who may call, and what each caller may do: one file says it, and every call is held to it.

`read_auth_file` reads the file, `Authenticator` finds out who calls, `AuthorizedHandlers` lets a
caller do what it has a rule for. Nothing of this runs where the setting ``auth`` is not set.
"""
