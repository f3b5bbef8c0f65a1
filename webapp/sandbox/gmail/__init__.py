"""Google's sign-in and the parts of the Gmail API that reading mail needs."""
