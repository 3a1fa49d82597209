"""Stripsight inspects strips of blow-fill-seal vials and answers accept or reject, with the reason."""
