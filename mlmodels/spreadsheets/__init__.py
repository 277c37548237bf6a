"""A coach's file, .csv or .xlsx, as the text cells of a season log. What is open is asked, never guessed."""
