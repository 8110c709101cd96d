"""What is seen from outside: health, metrics, the API, the report site. Of the daemon it knows `seam`."""
