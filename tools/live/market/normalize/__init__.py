"""From a venue's wire to canonical events: one pure function a venue, and no quirk beyond it."""
