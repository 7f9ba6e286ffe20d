"""The suite: mirrors `presence/`, plus whole servers, browsers, faults and the architecture."""
