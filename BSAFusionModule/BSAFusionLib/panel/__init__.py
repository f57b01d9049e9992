"""What is seen in Slicer: Qt, CTK and the application; no decision is taken here."""
