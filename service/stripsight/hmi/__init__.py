"""The operator page: a process of its own and a client of the API. It looks, and changes nothing."""
