"""How people prove who they are: passwords, limits of guessing, OpenID Connect. Knows no storage."""
