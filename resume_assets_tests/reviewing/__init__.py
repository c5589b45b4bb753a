"""The review page: what is gathered, the page, and the page in a browser."""
