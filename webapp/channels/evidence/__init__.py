"""Pages of what is known and what is doubtful: pairs of records that may be one stay, and what is still unknown of each."""
