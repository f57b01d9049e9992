"""Pictures of the panel and the views, for the documentation and for looking at."""
