"""Background work: thin functions that take ids, open a transaction and call one service; the worker and the schedule."""
