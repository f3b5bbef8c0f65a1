"""Use cases of accounts, by what they are about:

`signing_in` (password, one-time code, session epoch), `passwords` (hashes), `one_time_codes` (switching TOTP on and off),
`links` (what is sent by mail), `team` (who works in a hotel), `api_tokens` (the JSON API).
"""
