"""Records of energy meters: what they counted while nobody listened, put into the history."""
