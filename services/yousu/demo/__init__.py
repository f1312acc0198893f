"""A realistic day of complaints."""
